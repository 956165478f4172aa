import type { HttpRequest } from "./bind.ts";

/** `Link: <…>; rel="next"` for the page after this one; none on the last. */
export function nextLink(request: HttpRequest, cursor: string | undefined): Record<string, string> {
  if (cursor === undefined) return {};
  const query = new URLSearchParams(request.query);
  query.set("cursor", cursor);
  return { link: `<${request.origin}${request.path}?${query}>; rel="next"` };
}
