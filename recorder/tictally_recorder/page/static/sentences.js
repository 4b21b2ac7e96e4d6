/** The recorder's reasons, which are sentences in English, in the reader's language. */

import { language } from "./i18n.js";
import { fullDay } from "./format.js";

const DAY = "(\\d{4}-\\d\\d-\\d\\d)";
const FRENCH = [
  [`there is no contract for ${DAY}`, (d) => `aucun contrat ne couvre le ${fullDay(d)}`],
  ["there is no contract", () => "il n’y a pas de contrat"],
  ["there is no tariff '?([^']+)'?", (id) => `il n’y a pas de grille « ${id} »`],
  [`(\\S+) has no version for ${DAY}`, (id, d) => `${id} n’a pas de version au ${fullDay(d)}`],
  [`a revision was due on ${DAY}, and (.+?) is the newest known`, (d, id) => `une révision était attendue le ${fullDay(d)}, et ${id} est la plus récente connue`],
  ["(.+) has no price of (.+?) at (\\d+) kVA", (id, p, kva) => `${id} n’a pas de prix pour ${p} à ${kva} kVA`],
  ["(.+) has no price of (.+)", (id, p) => `${id} n’a pas de prix pour ${p}`],
  ["(.+) has no subscription at (\\d+) kVA", (id, kva) => `${id} n’a pas d’abonnement à ${kva} kVA`],
  ["the prices of (.+) are missing", (id) => `les prix de ${id} manquent`],
  [`the meter told nothing of ${DAY}`, (d) => `le compteur n’a rien dit du ${fullDay(d)}`],
  [`no register counted (.+) on ${DAY}`, (p, d) => `aucun index n’a compté ${p} le ${fullDay(d)}`],
  ["(.+) counted energy, and no period of (.+) is known for it", (r, id) => `${r} a compté de l’énergie, et aucune période de ${id} ne lui correspond`],
  ["(.+) counted (.+), which is no period of (.+) and no alias of the contract", (r, p, id) => `${r} a compté ${p}, qui n’est ni une période de ${id} ni un alias du contrat`],
  [`the registers do not say what was counted ((?:(?: and )?from ${DAY} \\d\\d:\\d\\d to ${DAY} \\d\\d:\\d\\d)+)`, (times) => `les index ne disent pas ce qui a été compté ${inFrench(times)}`],
  ["((?:\\S+, )*\\S+) fell while nothing was heard, so what was counted meanwhile is not known", (r) => `${r} a reculé pendant un silence : ce qui a été compté entre-temps n’est pas connu`],
  ["trusted by setting", () => "supposée juste, par réglage"],
  ["the meter's clock agrees", () => "l’horloge du compteur la confirme"],
  ["kept by a time server", () => "tenue par un serveur de temps"],
  ["from a hardware clock", () => "d’une horloge matérielle"],
].map(([pattern, words]) => [new RegExp(pattern, "g"), words]);

function inFrench(times) {
  return times.replace(/(and )?from (\S+) (\S+) to (\S+) (\S+)/g, (_, and, d, h, e, i) => `${and ? "et " : ""}du ${fullDay(d)} à ${h} au ${fullDay(e)} à ${i}`);
}

/** A reason as it is to be read; a sentence that is not known stays as it came. */
export function sentence(text) {
  if (!text || language() !== "fr") return text;
  const told = text.replaceAll("unknown: ", "inconnu : ");
  for (const [pattern, words] of FRENCH) {
    if (pattern.test(told)) {
      pattern.lastIndex = 0;
      return told.replace(pattern, (_, ...found) => words(...found.slice(0, words.length)));
    }
  }
  return told;
}
