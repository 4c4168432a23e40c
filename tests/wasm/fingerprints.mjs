// Runs the steps of the two tests/exact of support as WebAssembly: node fingerprints.mjs FILE.wasm
import { readFileSync } from "node:fs";

const module = await WebAssembly.compile(readFileSync(process.argv[2]));
// plotters asks for the DOM to measure text, which none of our figures needs.
const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) {
  (imports[from] ??= {})[name] = () => { throw new Error(`${name} is for a page`); };
}
const instance = await WebAssembly.instantiate(module, imports);
const { memory, fingerprints, expected } = instance.exports;
const text = (address) => {
  if (address === 0) return "a step failed";
  const length = new DataView(memory.buffer).getUint32(address - 4, true);
  return new TextDecoder().decode(new Uint8Array(memory.buffer, address, length));
};
const [found, wanted] = [text(fingerprints()), text(expected())];
if (found !== wanted) {
  console.error(`other bits than expected; found\n${found}\nexpected\n${wanted}`);
  process.exit(1);
}
console.log(`${found.trim().split("\n").length} fingerprints are the same in WebAssembly`);
