import process from "node:process";

// What follows is TypeScript that an older Node can't read, so this file looks first and loads it after.
if (Number(process.versions.node.split(".")[0]) < 24) {
  console.error(
    `Arx runs on Node 24, and this is ${process.versions.node}. Use \`npm run local\` or \`npm start\`: they run the Node 24 that npm ` +
      "installed beside Arx.",
  );
  process.exit(2);
}
const { run } = await import("./run.ts");
await run(process.argv.slice(2));
