// Runs ONNX files in ONNX Runtime:
//
//   node run_onnx.cjs PACKAGE FOLDER
//
// PACKAGE is the folder of onnxruntime-node. The inputs of each NAME.onnx in FOLDER are in
// NAME.inputs, sample after sample, in float32; its outputs go to NAME.outputs.
// Of a model that does not run the error is printed, and the exit code is 1.
'use strict';

const fs = require('fs');
const path = require('path');

const [library, folder] = process.argv.slice(2);
const { InferenceSession, Tensor } = require(library);

// Without VNNI its int8 products saturate, unless it is told to be exact.
// Source: onnxruntime_session_options_config_keys.h, kOrtSessionOptionsAvx2PrecisionMode.
const OPTIONS = {
  intraOpNumThreads: 1,
  logSeverityLevel: 3,
  extra: { session: { x64quantprecision: '1' } },
};

async function run(name) {
  const file = (ending) => path.join(folder, name + ending);
  const session = await InferenceSession.create(file('.onnx'), OPTIONS);
  const [{ name: input, shape }] = session.inputMetadata;
  const { buffer, byteOffset, byteLength } = fs.readFileSync(file('.inputs'));
  const inputs = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  const batch = [inputs.length / shape[1], shape[1]];
  const results = await session.run({ [input]: new Tensor('float32', inputs, batch) });
  const { data } = results[session.outputNames[0]];
  fs.writeFileSync(file('.outputs'), Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  await session.release();
}

async function main() {
  for (const entry of fs.readdirSync(folder)) {
    const { name, ext } = path.parse(entry);
    if (ext !== '.onnx') continue;
    try {
      await run(name);
    } catch (error) {
      console.log(`${name}: ${error.message}`);
      process.exitCode = 1;
    }
  }
}

main();
