"""One piece of work of `./pare bench peers` in PyTorch; prints what it took as a line of JSON.

    pytorch.py epoch IMAGES LABELS            one epoch of LeNet-300-100 on these IDX files
    pytorch.py sine                           600 epochs of the 1-16-16-1 sine network
    pytorch.py lenet|lenet-int8|sine-float    one inference, batch 1, by TorchScript

The rules of a fair comparison: the same data, shapes, batches and optimizer on both sides; batches
are gathered by index from one tensor, since a DataLoader would cost more; one thread on both, told
to OpenMP and to OpenBLAS; a warm-up that is not timed; the processor time of that thread, which
what else runs on the machine does not add to; OpenBLAS and not the reference BLAS, its kernel of
its own choice, and its products right.
"""

import ctypes
import gzip
import json
import math
import statistics
import sys
import time

import torch
from torch import nn


def use_openblas():
    """In one thread; gives the name of the kernel that OpenBLAS picked."""
    torch.set_num_threads(1)
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "libopenblas" in line}
    if not paths:
        sys.exit("PyTorch does not run on OpenBLAS here: apt-get install libopenblas0-pthread")
    openblas = ctypes.CDLL(paths.pop())
    openblas.openblas_set_num_threads(1)
    openblas.openblas_get_corename.restype = ctypes.c_char_p
    a, b = torch.rand(300, 784), torch.rand(784, 128)
    error = ((a @ b).double() - a.double() @ b.double()).abs().max().item()
    if error > 1e-3:
        sys.exit(f"this OpenBLAS multiplies wrongly: off by {error:.2g}")
    return openblas.openblas_get_corename().decode()


def read_idx(path, header):
    with gzip.open(path) as file:
        return torch.frombuffer(bytearray(file.read()), dtype=torch.uint8)[header:]


def mlp(*widths):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def train(model, inputs, targets, loss, rate, batch, epochs):
    optimizer = torch.optim.Adam(model.parameters(), rate)
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        for begin in range(0, len(inputs), batch):
            rows = order[begin:begin + batch]
            optimizer.zero_grad()
            loss(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()


def timed(work):
    begin = time.thread_time()
    work()
    return time.thread_time() - begin


def epoch(images, labels):
    inputs = read_idx(images, 16).view(-1, 784).float() / 255
    targets = read_idx(labels, 8).long()
    model = mlp(784, 300, 100, 10)
    run = lambda: train(model, inputs, targets, nn.CrossEntropyLoss(), 1e-3, 128, 1)
    run()
    return timed(run)


def sine():
    inputs = torch.rand(600, 1) * 2 * math.pi
    run = lambda epochs: train(
        mlp(1, 16, 16, 1), inputs, torch.sin(inputs), nn.MSELoss(), 0.02, 64, epochs)
    run(20)
    return timed(lambda: run(600))


def quantized(model, samples):
    """Static int8 by PyTorch's own recipe, for the engine that is set."""
    model = torch.quantization.QuantWrapper(model).eval()
    pairs = [[f"module.{i}", f"module.{i + 1}"] for i in range(0, len(model.module) - 1, 2)]
    model = torch.quantization.fuse_modules(model, pairs)
    model.qconfig = torch.quantization.get_default_qconfig(torch.backends.quantized.engine)
    torch.quantization.prepare(model, inplace=True)
    model(samples)
    return torch.quantization.convert(model)


def inference(model, samples):
    """Seconds of one inference: a frozen TorchScript module, called sample by sample."""
    with torch.inference_mode():
        module = torch.jit.freeze(torch.jit.trace(model.eval(), samples[:1]))
        rows = [samples[i:i + 1] for i in range(len(samples))]
        for row in rows:
            module(row)
        times = [timed(lambda: [module(row) for row in rows]) for _ in range(9)]
    return statistics.median(times) / len(rows)


def lenet_int8(samples):
    """By the faster of the engines that this PyTorch has."""
    times = {}
    for engine in torch.backends.quantized.supported_engines:
        if engine != "none":
            torch.backends.quantized.engine = engine
            times[engine] = inference(quantized(mlp(784, 300, 100, 10), samples), samples)
    engine = min(times, key=times.get)
    return times[engine], engine


def main(work, *files):
    torch.manual_seed(1)
    report = {"torch": torch.__version__, "openblas": use_openblas()}
    images = torch.rand(1000, 784)
    if work == "epoch":
        report["seconds"] = epoch(*files)
    elif work == "sine":
        report["seconds"] = sine()
    elif work == "lenet":
        report["seconds"] = inference(mlp(784, 300, 100, 10), images)
    elif work == "lenet-int8":
        report["seconds"], report["int8_engine"] = lenet_int8(images)
    elif work == "sine-float":
        report["seconds"] = inference(mlp(1, 16, 16, 1), torch.rand(1000, 1))
    else:
        sys.exit(f"unknown work '{work}'")
    print(json.dumps(report))


main(*sys.argv[1:])
