"""AlexNet up to fc7 (bvlc_alexnet's shape: 227 x 227 input, conv groups of 2, LRN size 5) in torch, TensorFlow and ONNX
Runtime, from one set of weights. Each builder gives a function from float32 photos [n, 227, 227, 3] to fc7 [n, 4096].
conv1 'valid' is Caffe's (55 x 55 map); VIST-seq2seq's script pads it 'same' (57 x 57)."""
import os
import numpy as np

#        name    k  stride out  in  group pad
CONV = [("conv1", 11, 4, 96, 3, 1), ("conv2", 5, 1, 256, 96, 2), ("conv3", 3, 1, 384, 256, 1),
        ("conv4", 3, 1, 384, 384, 2), ("conv5", 3, 1, 256, 384, 2)]
NAMES = [c[0] for c in CONV] + ["fc6", "fc7"]
MAP = {"same": (57, 28, 13), "valid": (55, 27, 13)}
SAME_PAD = 4            # TF 'SAME', 227, k 11, stride 4: out 57, total pad 8, 4 before and 4 after


def random_weights():
    """torch layout: conv (out, in / group, k, k), dense (out, in); fc6 reads (channels, height, width)."""
    r = np.random.RandomState(3)
    w = {}
    for n, k, s, o, i, g in CONV:
        w[n] = (r.standard_normal((o, i // g, k, k)) * np.sqrt(2.0 / (i // g * k * k))).astype(np.float32)
        w[n + "b"] = np.full(o, 0.1, np.float32)
    for n, o, i in (("fc6", 4096, 9216), ("fc7", 4096, 4096)):
        w[n] = (r.standard_normal((o, i)) * np.sqrt(2.0 / i)).astype(np.float32)
        w[n + "b"] = np.full(o, 0.1, np.float32)
    return w


def save_npy(w, path):
    """As caffe-tensorflow writes bvlc_alexnet.npy: {layer: [weights, biases]}, conv (k, k, in, out), dense (in, out), fc6
    reading (height, width, channels)."""
    d = {n: [np.ascontiguousarray(w[n].transpose(2, 3, 1, 0)), w[n + "b"]] for n in NAMES[:5]}
    d["fc6"] = [fc6_hwc(w), w["fc6b"]]
    d["fc7"] = [np.ascontiguousarray(w["fc7"].T), w["fc7b"]]
    box = np.empty((), object); box[()] = d
    with open(path + ".part", "wb") as fh:
        np.save(fh, box, allow_pickle=True)
    os.replace(path + ".part", path)


def load_npy(path):
    d = np.load(path, allow_pickle=True).item()
    w = {n: np.ascontiguousarray(d[n][0].transpose(3, 2, 0, 1)) for n in NAMES[:5]}
    w["fc6"] = np.ascontiguousarray(d["fc6"][0].reshape(6, 6, 256, 4096).transpose(3, 2, 0, 1).reshape(4096, 9216))
    w["fc7"] = np.ascontiguousarray(d["fc7"][0].T)
    w.update({n + "b": d[n][1] for n in NAMES})
    return w


def fc6_hwc(w):
    return np.ascontiguousarray(w["fc6"].reshape(4096, 256, 6, 6).transpose(2, 3, 1, 0).reshape(9216, 4096))


def flops(conv1):
    m1, m2, m3 = MAP[conv1]
    f = sum(2.0 * m * m * o * (i // g) * k * k for (n, k, s, o, i, g), m in zip(CONV, (m1, m2, m3, m3, m3)))
    return f + 2.0 * 9216 * 4096 + 2.0 * 4096 * 4096


def build_torch(kind, conv1, w, threads):
    """kind: torch, torch-fast (hand-written LRN), torch-cl (channels last), torch-compile (channels last, compiled)."""
    import torch, torch.nn as nn
    torch.set_num_threads(threads)

    class FastLRN(nn.Module):                    # nn.LocalResponseNorm goes through avg_pool3d + pow: a third of the time
        def forward(self, x):
            q = nn.functional.pad(x * x, (0, 0, 0, 0, 2, 2))
            C = x.shape[1]
            s = q[:, 0:C] + q[:, 1:C + 1]
            for i in (2, 3, 4):
                s += q[:, i:C + i]
            r = s.mul_(2e-5).add_(1.0).rsqrt_()
            return x * r * r.sqrt()              # d^-0.75 = d^-1/2 * d^-1/4

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            pads = [SAME_PAD if conv1 == "same" else 0, 2, 1, 1, 1]
            self.c = nn.ModuleList([nn.Conv2d(i, o, k, s, p, groups=g) for (n, k, s, o, i, g), p in zip(CONV, pads)])
            self.lrn = FastLRN() if kind == "torch-fast" else nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
            self.pool = nn.MaxPool2d(3, 2)
            self.f6, self.f7 = nn.Linear(9216, 4096), nn.Linear(4096, 4096)
            for m, n in zip(list(self.c) + [self.f6, self.f7], NAMES):
                m.weight.data.copy_(torch.from_numpy(w[n])); m.bias.data.copy_(torch.from_numpy(w[n + "b"]))

        def forward(self, x):
            x = self.pool(self.lrn(self.c[0](x).relu()))
            x = self.pool(self.lrn(self.c[1](x).relu()))
            x = self.c[3](self.c[2](x).relu()).relu()
            x = self.pool(self.c[4](x).relu())
            return self.f7(self.f6(x.flatten(1)).relu()).relu()

    net = Net().eval()
    last = kind in ("torch-cl", "torch-compile")
    if last:
        net = net.to(memory_format=torch.channels_last)
    f = torch.compile(net) if kind == "torch-compile" else net

    def run(x):
        with torch.inference_mode():
            x = torch.from_numpy(x).permute(0, 3, 1, 2)           # channels last without a copy
            return f(x if last else x.contiguous()).numpy()
    return run, torch.__version__


def build_tf(conv1, w, threads):
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    k = {c[0]: tf.constant(w[c[0]].transpose(2, 3, 1, 0)) for c in CONV}
    f6, f7 = tf.constant(fc6_hwc(w)), tf.constant(np.ascontiguousarray(w["fc7"].T))
    bias = {n: tf.constant(w[n + "b"]) for n in NAMES}

    def conv(x, n, s, g, pad):                    # split / convolve / concat, as the reference's script does
        c = lambda i, q: tf.nn.conv2d(i, q, [1, s, s, 1], padding=pad)
        if g == 1:
            y = c(x, k[n])
        else:
            y = tf.concat([c(i, q) for i, q in zip(tf.split(x, g, 3), tf.split(k[n], g, 3))], 3)
        return tf.nn.relu(tf.nn.bias_add(y, bias[n]))

    lrn = lambda x: tf.nn.local_response_normalization(x, depth_radius=2, alpha=2e-5, beta=0.75, bias=1.0)
    pool = lambda x: tf.nn.max_pool2d(x, 3, 2, "VALID")

    @tf.function(jit_compile=False)
    def f(x):
        x = pool(lrn(conv(x, "conv1", 4, 1, conv1.upper())))
        x = pool(lrn(conv(x, "conv2", 1, 2, "SAME")))
        x = conv(conv(x, "conv3", 1, 1, "SAME"), "conv4", 1, 2, "SAME")
        x = tf.reshape(pool(conv(x, "conv5", 1, 2, "SAME")), [-1, 9216])
        return tf.nn.relu(tf.matmul(tf.nn.relu(tf.matmul(x, f6) + bias["fc6"]), f7) + bias["fc7"])

    return (lambda x: f(tf.constant(x)).numpy()), tf.__version__


def build_ort(conv1, w, threads):
    import onnx, onnxruntime as ort
    from onnx import helper as h, numpy_helper as nh, TensorProto as TP
    init = [nh.from_array(v, n) for n, v in w.items()]
    p1 = [SAME_PAD] * 4 if conv1 == "same" else [0] * 4
    pads = [p1, [2] * 4, [1] * 4, [1] * 4, [1] * 4]
    nodes, cur = [], "x"

    def add(op, ins, out, **kw):
        nodes.append(h.make_node(op, ins, [out], **kw)); return out

    for q, (n, k, s, o, i, g) in enumerate(CONV):
        cur = add("Relu", [add("Conv", [cur, n, n + "b"], n + "_c", kernel_shape=[k, k], strides=[s, s], pads=pads[q], group=g)], n + "_r")
        if q < 2:
            cur = add("LRN", [cur], n + "_l", alpha=1e-4, beta=0.75, bias=1.0, size=5)
        if q in (0, 1, 4):
            cur = add("MaxPool", [cur], n + "_p", kernel_shape=[3, 3], strides=[2, 2])
    cur = add("Flatten", [cur], "flat", axis=1)
    for n in ("fc6", "fc7"):
        cur = add("Relu", [add("Gemm", [cur, n, n + "b"], n + "_g", transB=1)], n + "_r")
    gr = h.make_graph(nodes, "alexnet", [h.make_tensor_value_info("x", TP.FLOAT, ["N", 3, 227, 227])],
                      [h.make_tensor_value_info(cur, TP.FLOAT, ["N", 4096])], init)
    m = h.make_model(gr, opset_imports=[h.make_opsetid("", 13)]); m.ir_version = 8
    so = ort.SessionOptions(); so.intra_op_num_threads = threads; so.inter_op_num_threads = 1; so.log_severity_level = 3
    s = ort.InferenceSession(m.SerializeToString(), so, providers=["CPUExecutionProvider"])
    return (lambda x: s.run(None, {"x": np.ascontiguousarray(x.transpose(0, 3, 1, 2))})[0]), ort.__version__


def build(kind, conv1, w, threads):
    if kind == "tf":
        return build_tf(conv1, w, threads)
    if kind == "ort":
        return build_ort(conv1, w, threads)
    return build_torch(kind, conv1, w, threads)
