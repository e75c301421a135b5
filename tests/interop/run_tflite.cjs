// Runs TFLite files in TensorFlow Lite itself, which npm has compiled to WebAssembly:
//
//   node run_tflite.cjs PACKAGE FOLDER
//
// PACKAGE is the folder of @tensorflow/tfjs-tflite. The inputs of each NAME.tflite in FOLDER are in
// NAME.inputs, sample after sample, in the type that the model takes; its outputs go to NAME.outputs.
// Of a model that does not run the error is printed, and the exit code is 1.
'use strict';

const fs = require('fs');
const path = require('path');

const [library, folder] = process.argv.slice(2);

// The package's own API needs a browser; what it calls does not.
async function openRuntime(messages) {
  const built = path.join(library, 'wasm', 'tflite_web_api_cc_simd');
  const log = (text) => messages.push(text);
  return require(`${built}.js`)({
    wasmBinary: fs.readFileSync(`${built}.wasm`), print: log, printErr: log });
}

function run(runtime, name) {
  const file = (ending) => path.join(folder, name + ending);
  const model = fs.readFileSync(file('.tflite'));
  const address = runtime._malloc(model.length);
  runtime.HEAPU8.set(model, address);
  const created = runtime.TFLiteWebModelRunner.CreateFromBufferAndOptions(
    address, model.length, { numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 1 });
  if (!created.ok()) throw new Error(created.errorMessage());
  const runner = created.value();
  // Asked for anew each time: when the memory grows, old views of it are empty.
  const bytes = (tensors) => {
    const { buffer, byteOffset, byteLength } = tensors.get(0).data();
    return new Uint8Array(buffer, byteOffset, byteLength);
  };
  const inputs = fs.readFileSync(file('.inputs'));
  const outputs = [];
  const size = bytes(runner.GetInputs()).length;
  for (let at = 0; at < inputs.length; at += size) {
    bytes(runner.GetInputs()).set(inputs.subarray(at, at + size));
    if (!runner.Infer()) throw new Error('it does not run');
    outputs.push(Buffer.from(bytes(runner.GetOutputs())));
  }
  fs.writeFileSync(file('.outputs'), Buffer.concat(outputs));
  runner.delete();
  runtime._free(address);
}

async function main() {
  const messages = [];
  const runtime = await openRuntime(messages);
  for (const entry of fs.readdirSync(folder)) {
    const { name, ext } = path.parse(entry);
    if (ext !== '.tflite') continue;
    messages.length = 0;
    try {
      run(runtime, name);
    } catch (error) {
      console.log([`${name}: ${error.message}`, ...messages].join('\n'));
      process.exitCode = 1;
    }
  }
}

main();
