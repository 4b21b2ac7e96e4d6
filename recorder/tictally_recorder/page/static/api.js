/** The recorder's answers, pages of them put together, its problems as errors with a sentence. */

const BASE = "/api/v1";
const MOST_PAGES = 40;

/** What the recorder could not or would not answer. */
export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** An answer. `query`: parameters, those that are undefined left out, arrays repeated. */
export async function get(path, query = {}, signal = undefined) {
  return ask(`${BASE}${path}${search(query)}`, signal);
}

/** An answer whose items are all there, whatever pages it came in. */
export async function all(path, query = {}, signal = undefined) {
  const answer = await get(path, query, signal);
  for (let page = 0; answer.next && page < MOST_PAGES; page += 1) {
    const more = await ask(answer.next, signal);
    answer.items.push(...more.items);
    answer.next = more.next;
  }
  return answer;
}

/** The address of the stream. */
export const liveAddress = (site) => `${BASE}/live${search({ site })}`;

function search(query) {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().filter((each) => each !== undefined && each !== null).map((each) => [name, each]),
  );
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

async function ask(address, signal) {
  let response;
  try {
    response = await fetch(address, { signal, headers: { accept: "application/json" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "");
  }
  if (response.ok) return response.json();
  const told = await response.json().catch(() => ({}));
  throw new Problem(response.status, told.detail ?? response.statusText);
}
