/** Requests to the recorder's API: JSON, all pages of a list, problem details as errors. One that the recorder refuses
 * without a token, or with this one, is dispatched by the document as `unauthorized` as well. */

// Relative: the page may be shown below a path, by a reverse proxy or by Home Assistant.
const BASE = "api/v1";
const MAX_PAGES = 40;
const UNAUTHORIZED = 401;
const NO_CONTENT = 204;
const COOKIE = "tictally_token";

/** A request that failed; `message` is a sentence for the reader, `status` is 0 where the recorder is
 * unreachable, `reason` the same as a code where the recorder gives one, `parameter` the name of what is wrong. */
export class Problem extends Error {
  constructor(status, detail, reason = null, parameter = null) {
    super(detail);
    this.status = status;
    this.reason = reason;
    this.parameter = parameter;
  }
}

/** Requests an address. `query`: parameters; undefined ones are omitted, arrays are repeated. */
export async function get(path, query = {}, signal = undefined) {
  return request(`${BASE}${path}${search(query)}`, signal);
}

/** Requests a list with the items of all its pages. */
export async function all(path, query = {}, signal = undefined) {
  const answer = await get(path, query, signal);
  for (let page = 0; answer.next && page < MAX_PAGES; page += 1) {
    const more = await request(`${BASE}${path}${answer.next.slice(answer.next.indexOf("?"))}`, signal);
    answer.items.push(...more.items);
    answer.next = more.next;
  }
  return answer;
}

/**
 * Sends a request that changes something, with the token that the form has left. Unlike a refused reading, a refused one
 * leaves the page as it is.
 * @param {Blob|null} body bytes of a file.
 */
export async function send(method, path, query = {}, body = null, signal = undefined) {
  const token = document.cookie.split("; ").find((each) => each.startsWith(`${COOKIE}=`));
  const headers = { accept: "application/json", ...(token ? { authorization: `Bearer ${token.slice(COOKIE.length + 1)}` } : {}) };
  const response = await reached(`${BASE}${path}${search(query)}`, { method, headers, body, signal });
  if (response.ok) return response.status === NO_CONTENT ? null : response.json();
  throw await problemOf(response);
}

/** The body of a request that is JSON. */
export const json = (value) => new Blob([JSON.stringify(value)], { type: "application/json" });

/** Address of the live stream. */
export const liveAddress = (site) => `${BASE}/live${search({ site })}`;

function search(query) {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().filter((each) => each !== undefined && each !== null).map((each) => [name, each]),
  );
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

async function request(address, signal) {
  const response = await reached(address, { signal, headers: { accept: "application/json" } });
  if (response.ok) return response.json();
  if (response.status === UNAUTHORIZED) document.dispatchEvent(new CustomEvent("unauthorized"));
  throw await problemOf(response);
}

async function reached(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "");
  }
}

async function problemOf(response) {
  const problem = await response.json().catch(() => ({}));
  return new Problem(response.status, problem.detail ?? response.statusText, problem.reason, problem.parameter);
}
