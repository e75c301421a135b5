// Runs a linked program on the Raspberry Pi Pico that rp2040js emulates:
//
//   node run.cjs RP2040JS PROGRAM.elf [TIMINGS FUNCTION FUNCTION_END]
//
// RP2040JS is the package's folder. The program's console, by semihosting, is the standard input and
// output. Each call of the function between the two addresses appends to TIMINGS what the timing
// plugin of the other boards writes: a line "instructions cycles 0 sites", then for each of the
// function's instructions that ran "address instructions cycles 0", with all that it called.
'use strict';

const fs = require('fs');

const FLASH = 0x10000000;
const NANOSECONDS_A_CYCLE = 8;  // at 125 MHz

const [library, program, timings, functionBegin, functionEnd] = process.argv.slice(2);
const { RP2040 } = require(library);
const machine = new RP2040();
const { core, clock } = machine;
const silent = () => {};
machine.logger = { debug: silent, info: silent, warn: silent, error: console.error };

// The segments of a linked 32-bit program go to where they are loaded. Source: System V ABI, 5.
function load(elf) {
  const begin = elf.readUInt32LE(28);
  const size = elf.readUInt16LE(42);
  for (let i = 0; i < elf.readUInt16LE(44); ++i) {
    const header = begin + i * size;
    const offset = elf.readUInt32LE(header + 4);
    const address = elf.readUInt32LE(header + 12);
    const bytes = elf.readUInt32LE(header + 16);
    if (elf.readUInt32LE(header) !== 1 || bytes === 0) continue;
    machine.flash.set(elf.subarray(offset, offset + bytes), address - FLASH);
  }
}

// Source: Arm, "Semihosting for AArch32 and AArch64", release 2.0.
const SEMIHOSTING = 0xab;
const OPEN = 0x01, WRITE = 0x05, READ = 0x06, EXIT = 0x18;

function semihost(operation, argument) {
  if (operation === OPEN) return 1;  // the only file is the console
  if (operation === EXIT) process.exit(0);
  const address = core.readUint32(argument + 4);
  const size = core.readUint32(argument + 8);
  if (operation === READ) {
    const bytes = Buffer.alloc(size);
    const count = fs.readSync(0, bytes);  // sleeps; 0 once the host has closed the line
    for (let i = 0; i < count; ++i) core.writeUint8(address + i, bytes[i]);
    return size - count;
  }
  if (operation !== WRITE) throw new Error(`semihosting operation ${operation} is unknown`);
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; ++i) bytes[i] = core.readUint8(address + i);
  for (let at = 0; at < size;) at += fs.writeSync(1, bytes, at);
  return 0;
}

machine.onBreak = (code) => {
  if (code !== SEMIHOSTING) throw new Error(`breakpoint ${code}`);
  core.registers[0] = semihost(core.registers[0], core.registers[1]);
};

// The measured function; without one no program counter is ever its address.
const begin = timings ? Number(functionBegin) : -1;
const end = timings ? Number(functionEnd) : -1;
const siteCount = (end - begin) / 2;
const siteInstructions = new Uint32Array(siteCount);
const siteCycles = new Uint32Array(siteCount);

function run() {
  let returnAddress = -1;  // of the call that is measured
  let site = 0;
  for (;;) {
    const at = core.PC;
    if (at === returnAddress) {
      write();
      returnAddress = -1;
    } else if (at === begin && returnAddress === -1) {
      returnAddress = core.LR & ~1;
    }
    const cycles = core.executeInstruction();
    clock.tick(cycles * NANOSECONDS_A_CYCLE);
    if (returnAddress === -1) continue;
    if (at >= begin && at < end) site = (at - begin) / 2;
    siteInstructions[site] += 1;
    siteCycles[site] += cycles;
  }
}

function write() {
  let instructions = 0, cycles = 0, count = 0, text = '';
  for (let i = 0; i < siteCount; ++i) {
    if (siteInstructions[i] === 0) continue;
    count += 1;
    instructions += siteInstructions[i];
    cycles += siteCycles[i];
    text += `${begin + 2 * i} ${siteInstructions[i]} ${siteCycles[i]} 0\n`;
  }
  siteInstructions.fill(0);
  siteCycles.fill(0);
  fs.appendFileSync(timings, `${instructions} ${cycles} 0 ${count}\n${text}`);
}

load(fs.readFileSync(program));
core.VTOR = FLASH;
core.reset();
run();
