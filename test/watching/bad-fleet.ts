import { badNodes } from "../outbound/bad-servers.ts";

// Every bad node there is, in a process of their own: what they do to a sweep must not come from sharing its event loop.
const servers = await Promise.all(badNodes.map((bad) => bad.start()));
process.send?.(servers.map(({ origin }) => origin));
process.once("disconnect", () => process.exit(0));
