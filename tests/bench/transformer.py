#!/usr/bin/python3
"""Milliseconds of each training step of a small transformer in PyTorch.

    transformer.py [STEPS] [THREADS]    2 layers, d = 128, 4 heads, 32 x 128

The peer of tests/bench/transformer.c: the same layers, sizes and steps.  What
counts is the best of one thread, of two, and of two with
LD_PRELOAD=/usr/lib/x86_64-linux-gnu/blis-openmp/libblas.so.3 BLIS_NUM_THREADS=2.
To be fair: OPENBLAS_CORETYPE unset, and on a machine newer than BLIS, which
then falls back to vectors of 128 bits, BLIS_ARCH_TYPE=0 (AVX-512).
"""
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

LAYERS, WIDTH, HEADS, LENGTH, WORDS, BATCH = 2, 128, 4, 128, 256, 32


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH)
        self.up = nn.Linear(WIDTH, 4 * WIDTH)
        self.down = nn.Linear(4 * WIDTH, WIDTH)
        future = torch.ones(LENGTH, LENGTH).triu(1) * -1e9
        self.register_buffer("future", future.expand(BATCH * HEADS, -1, -1)
                             .contiguous())

    def heads(self, x):
        return (x.view(BATCH, LENGTH, HEADS, -1).transpose(1, 2)
                .reshape(BATCH * HEADS, LENGTH, -1))

    def forward(self, x):
        q, k, v = map(self.heads, self.qkv(self.norm1(x)).split(WIDTH, 2))
        # Mask, scale and product in one call.
        s = torch.baddbmm(self.future, q, k.transpose(1, 2),
                          alpha=1 / math.sqrt(WIDTH // HEADS))
        y = torch.bmm(torch.softmax(s, -1), v)
        y = (y.view(BATCH, HEADS, LENGTH, -1).transpose(1, 2)
             .reshape(BATCH, LENGTH, WIDTH))
        x = x + self.mix(y)
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Embedding(WORDS, WIDTH)
        self.position = nn.Parameter(0.02 * torch.randn(LENGTH, WIDTH))
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.out = nn.Linear(WIDTH, WORDS, bias=False)

    def forward(self, token):
        x = self.token(token) + self.position
        for block in self.blocks:
            x = block(x)
        return self.out(self.norm(x))


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
    torch.manual_seed(1)
    net = Transformer()
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, foreach=True)
    for _ in range(steps):
        token = torch.randint(WORDS, (BATCH, LENGTH))
        target = torch.randint(WORDS, (BATCH * LENGTH,))
        start = time.perf_counter()
        adam.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(token).view(-1, WORDS), target)
        loss.backward()
        adam.step()
        print(f"{1e3 * (time.perf_counter() - start):.3f}")


main()
