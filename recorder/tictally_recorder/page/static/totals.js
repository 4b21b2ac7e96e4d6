/** What a total of /cost knows. */

/** True for an amount of which a part is unknown: it is the sum of the rest. */
export const isIncomplete = (row) => row?.quality === "unknown" && row.amount !== null && row.amount !== undefined;
