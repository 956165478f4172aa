/** The entity tag of a revision, as the `ETag` header carries it. */
export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/**
 * Whether an `If-Match` header allows a change of this revision: absent or `*` always does, a list when one of its tags is the revision's.
 * Weak tags count, since a proxy that compresses makes ours weak. What is no tag of ours matches nothing.
 */
export function ifMatchAllows(ifMatch: string | undefined, revision: number): boolean {
  if (ifMatch === undefined || ifMatch.trim() === "*") return true;
  return ifMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etagOf(revision));
}
