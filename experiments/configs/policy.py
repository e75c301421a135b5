"""Makes policy.onnx: a control policy as reinforcement learning leaves it, two tanh trunks with the
outputs action and value, here taught to imitate the linear-quadratic regulator of a cart and pole.
Needs numpy and onnx (Debian: python3-numpy, python3-onnx). The same file each time on one machine."""
import os

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

# Cart of 1 kg, pole of 0.1 kg and 0.5 m half length: x, v, angle, angular velocity. Linearized at the
# top, as Barto, Sutton and Anderson, IEEE Trans. SMC 13, 1983, have the plant.
GRAVITY, CART, POLE, HALF, STEP = 9.8, 1.0, 0.1, 0.5, 0.02
total = CART + POLE
lever = HALF * (4 / 3 - POLE / total)
A = numpy.eye(4) + STEP * numpy.array(
    [[0, 1, 0, 0], [0, 0, -POLE * HALF * GRAVITY / lever / total, 0], [0, 0, 0, 1],
     [0, 0, GRAVITY / lever, 0]])
B = STEP * numpy.array([[0], [1 / total + POLE * HALF / lever / total ** 2], [0],
                        [-1 / lever / total]])
cost = numpy.diag([1.0, 0.1, 10.0, 0.1])
for _ in range(2000):  # Riccati's equation, by iteration
    gain = numpy.linalg.solve(0.1 + B.T @ cost @ B, B.T @ cost @ A)
    cost = numpy.diag([1.0, 0.1, 10.0, 0.1]) + A.T @ cost @ (A - B @ gain)

random = numpy.random.default_rng(1)
reach = numpy.array([2.4, 2.0, 0.2, 2.0])  # of the states that it is taught
states = random.uniform(-1, 1, (20000, 4)) * reach
forces = numpy.tanh(-states @ gain.T / 10)  # of at most 10 N
values = -numpy.einsum("ij,jk,ik->i", states, cost, states)[:, None]
values = (values - values.mean()) / values.std()


def train(targets, epochs=60, width=32, rate=2e-3):
    """Weights and biases of states / reach -> width -> width -> targets, tanh between, by Adam."""
    sizes = [4, width, width, targets.shape[1]]
    layers = [random.normal(0, (1 / a) ** 0.5, (b, a)) for a, b in zip(sizes, sizes[1:])]
    layers += [numpy.zeros(b) for b in sizes[1:]]
    moments = [(numpy.zeros_like(p), numpy.zeros_like(p)) for p in layers]
    inputs, step = states / reach, 0
    for epoch in range(epochs):
        for batch in numpy.array_split(random.permutation(len(inputs)), 100):
            first = numpy.tanh(inputs[batch] @ layers[0].T + layers[3])
            second = numpy.tanh(first @ layers[1].T + layers[4])
            error = (second @ layers[2].T + layers[5] - targets[batch]) * 2 / len(batch)
            back = (error @ layers[2]) * (1 - second ** 2)
            front = (back @ layers[1]) * (1 - first ** 2)
            gradients = [front.T @ inputs[batch], back.T @ first, error.T @ second,
                         front.sum(0), back.sum(0), error.sum(0)]
            step += 1
            for p, (m, v), g in zip(layers, moments, gradients):
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                p -= (rate * (1 - epoch / epochs) * (m / (1 - 0.9 ** step)) /
                      (numpy.sqrt(v / (1 - 0.999 ** step)) + 1e-8))
    return layers


nodes, constants = [helper.make_node("Div", ["observation", "reach"], ["scaled"])], []


def constant(name, values):
    constants.append(numpy_helper.from_array(numpy.asarray(values, numpy.float32), name))
    return name


constant("reach", reach)
for head, layers in (("action", train(forces)), ("value", train(values))):
    data = "scaled"
    for i in range(3):
        out = head if i == 2 else f"{head}.{i}"
        nodes.append(helper.make_node(
            "Gemm", [data, constant(f"{head}.{i}.weight", layers[i]),
                     constant(f"{head}.{i}.bias", layers[3 + i])], [out], transB=1))
        data = out
        if i < 2:
            data = f"{out}.tanh"
            nodes.append(helper.make_node("Tanh", [out], [data]))


def tensor(name, width):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])


graph = helper.make_graph(nodes, "cart and pole", [tensor("observation", 4)],
                          [tensor("action", 1), tensor("value", 1)], constants)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="pare")
model.ir_version = 7
onnx.checker.check_model(model)
onnx.save(model, os.path.join(os.path.dirname(os.path.abspath(__file__)), "policy.onnx"))
