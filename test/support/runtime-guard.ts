/** The tests are TypeScript run as it is: on another Node than the project's own they would mean something else. */
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `These tests run on Node 24 or newer, not ${process.versions.node}: use "npm test", which takes the one in node_modules.`,
  );
  process.exit(1);
}
