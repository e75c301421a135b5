"""Trains a LeNet-300-100 on Fashion-MNIST with PyTorch and writes it as ONNX: argv is the training
images, their labels, the test images, the ONNX file to write, and the file for its test outputs."""
import gzip
import struct
import sys

import numpy
import torch


def idx(path):
    with gzip.open(path) as file:
        data = file.read()
    dimensions = data[3]
    shape = struct.unpack(">" + "I" * dimensions, data[4:4 + 4 * dimensions])
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * dimensions).reshape(shape)


torch.manual_seed(1)
torch.set_num_threads(1)
images = torch.tensor(idx(sys.argv[1]).reshape(-1, 784) / 255, dtype=torch.float32)
labels = torch.tensor(idx(sys.argv[2]).astype(numpy.int64))
test = torch.tensor(idx(sys.argv[3]).reshape(-1, 784) / 255, dtype=torch.float32)
model = torch.nn.Sequential(torch.nn.Linear(784, 300), torch.nn.ReLU(), torch.nn.Linear(300, 100),
                            torch.nn.ReLU(), torch.nn.Linear(100, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(1):
    order = torch.randperm(len(images))
    for batch in order.split(128):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
        optimizer.step()
torch.onnx.export(model, torch.zeros(1, 784), sys.argv[4])
model(test).detach().numpy().astype(numpy.float32).tofile(sys.argv[5])
