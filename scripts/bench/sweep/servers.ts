import { type AddressInfo, createServer } from "node:net";

// The fleet's health servers, in a process of their own: some listening sockets, and any path is a node. They stand for machines elsewhere,
// so they spend as little of this one as they can: each request head is answered by the same bytes.
const ports = Number(process.argv[2]);
const body = JSON.stringify({
  status: "healthy",
  load: { cpu_percent: 31.5, memory_percent: 60, active_connections: 12, capacity: 100 },
  timestamp: "2026-01-01T00:00:00.000Z",
});
const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n`;
const answer = Buffer.from(`${head}connection: keep-alive\r\n\r\n${body}`);
const END_OF_HEAD = Buffer.from("\r\n\r\n");

const listening: number[] = [];
for (let i = 0; i < ports; i++) {
  const server = createServer({ noDelay: true }, (socket) => {
    let pending: Buffer = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      pending = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
      for (let end = pending.indexOf(END_OF_HEAD); end >= 0; end = pending.indexOf(END_OF_HEAD)) {
        pending = pending.subarray(end + END_OF_HEAD.length);
        socket.write(answer);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  listening.push((server.address() as AddressInfo).port);
}
process.send?.(listening);
process.once("disconnect", () => process.exit(0));
