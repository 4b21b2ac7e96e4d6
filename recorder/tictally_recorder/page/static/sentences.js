/** The recorder's reasons, which are sentences in English, in the reader's language. */

import { fullDay } from "./format.js";
import { language, periodName } from "./i18n.js";

const DAY = "(\\d{4}-\\d\\d-\\d\\d)";
const FRENCH = [
  [`there is no contract for ${DAY}`, (d) => `aucun contrat ne couvre le ${fullDay(d)}`],
  ["there is no contract", () => "il n’y a pas de contrat"],
  ["there is no tariff '?([^']+)'?", (id) => `il n’y a pas de grille « ${id} »`],
  [`(\\S+) has no version for ${DAY}`, (id, d) => `${id} n’a pas de version au ${fullDay(d)}`],
  [`a revision was due on ${DAY}, and (.+?) is the newest known`, (d, id) => `une révision était attendue le ${fullDay(d)}, et ${id} est la plus récente connue`],
  ["(\\S+) has no version", (id) => `${id} n’a pas de version`],
  [`(.+) has no price in the (\\d+) days to ${DAY}`, (id, n, d) => `${id} n’a pas de prix dans les ${n} jours avant le ${fullDay(d)}`],
  [`there is no price for ${DAY} (\\d\\d:\\d\\d)\\S*`, (d, time) => `il n’y a pas de prix pour le ${fullDay(d)} à ${time}`],
  ["(.+) has no price of (.+?) at (\\d+) kVA", (id, p, kva) => `${id} n’a pas de prix pour ${p} à ${kva} kVA`],
  ["(.+) has no price of (.+)", (id, p) => `${id} n’a pas de prix pour ${p}`],
  ["(.+) has no subscription at (\\d+) kVA", (id, kva) => `${id} n’a pas d’abonnement à ${kva} kVA`],
  ["(.+) has no subscription at this power", (id) => `${id} n’a pas d’abonnement à cette puissance`],
  ["the prices of (.+) are missing", (id) => `les prix de ${id} manquent`],
  [`the meter told nothing of ${DAY}`, (d) => `le compteur n’a rien dit du ${fullDay(d)}`],
  ["the meter told nothing", () => "le compteur n’a rien dit"],
  ["the colour of a Tempo day is not known", () => "la couleur d’un jour Tempo n’est pas connue"],
  ["no register counts its periods", () => "aucun index ne compte ses périodes"],
  ["the registers do not say all that was counted", () => "les index ne disent pas tout ce qui a été compté"],
  [`no register counted (.+) on ${DAY}`, (p, d) => `aucun index n’a compté ${p} le ${fullDay(d)}`],
  ["(.+) counted energy, and no period of (.+) is known for it", (r, id) => `${r} a compté de l’énergie, et aucune période de ${id} ne lui correspond`],
  ["(.+) counted (.+), which is no period of (.+) and no alias of the contract", (r, p, id) => `${r} a compté ${p}, qui n’est ni une période de ${id} ni un alias du contrat`],
  [`the registers do not say what was counted ((?:(?: and )?from ${DAY} \\d\\d:\\d\\d to ${DAY} \\d\\d:\\d\\d)+)`, (times) => `les index ne disent pas ce qui a été compté ${inFrench(times)}`],
  ["((?:\\S+, )*\\S+) counted more than any meter can", (r) => `${r} a compté plus qu’aucun compteur ne le peut`],
  ["((?:\\S+, )*\\S+) counted on one day with a gap, so the same energy may be in two of them", (r) => `${r} ont compté un jour où il y a un trou : la même énergie peut être dans deux d’entre eux`],
  ["((?:\\S+, )*\\S+) fell while nothing was heard, so what was counted meanwhile is not known", (r) => `${r} a reculé pendant un silence : ce qui a été compté entre-temps n’est pas connu`],
].map(([pattern, words]) => [new RegExp(`^${pattern}$`), words]);
// What is unknown, why, and on how many days, which are told as stretches.
const PART = /^(?:unknown: (.+?), because )?(.+?)(?: \((\d+) days?: ([^()]+)\))?$/s;

function inFrench(times) {
  return times.replace(/(and )?from (\S+) (\S+) to (\S+) (\S+)/g, (_, and, d, h, e, i) => `${and ? "et " : ""}du ${fullDay(d)} à ${h} au ${fullDay(e)} à ${i}`);
}

function stretchInFrench(text) {
  const [, first, last] = /^(\S+) to (\S+)$/.exec(text) ?? [];
  if (first) return `du ${fullDay(first)} au ${fullDay(last)}`;
  const [, more] = /^(\d+) more stretch(?:es)?$/.exec(text) ?? [];
  return more ? `${more} autre${more > 1 ? "s" : ""}` : `le ${fullDay(text)}`;
}

function whatInFrench(text) {
  const named = text.replace(/\(([^)]+)\)/, (_, periods) => `(${periods.split(", ").map(periodName).join(", ")})`);
  return named.replace(/(\d)\.(\d)/, "$1,$2").replace(/^energy/, "énergie").replace("the subscription", "l’abonnement").replace(" and ", " et ");
}

function reasonInFrench(text) {
  for (const [pattern, words] of FRENCH) {
    const found = pattern.exec(text);
    if (found) return words(...found.slice(1));
  }
  return text;
}

function partInFrench(text) {
  const [, what, reason, n, stretches] = PART.exec(text);
  const unknown = what ? `inconnu : ${whatInFrench(what)}, car ` : "";
  const days = n ? ` (${n} jour${n > 1 ? "s" : ""} : ${stretches.split(", ").map(stretchInFrench).join(", ")})` : "";
  return `${unknown}${reasonInFrench(reason)}${days}`;
}

/** A reason, or several, as they are to be read; a sentence that is not known stays as it came. */
export function sentence(text) {
  if (!text || language() !== "fr") return text;
  return text.split("; ").map(partInFrench).join(" ; ");
}
