"""What bench.py measures.  Each function here adds lines by bench.case, or by
bench.report where it has taken the times itself; CASES at the end lists them.
"""
import ctypes
import os
import pathlib
import statistics
import subprocess
import sys

from bench import BLIS, numpy, torch

if torch:
    import sparse


def product(b):
    """Products of squares: OpenBLAS, and whatever BLAS torch runs on."""
    for threads in sorted({1, b.most}):
        for n in (256, 512, 1024, 2048):
            x, y, z = (b.floats(n * n) for _ in range(3))
            p, q = b.floats(n * n, False), b.floats(n * n, False)
            peers = {}
            if b.openblas:
                one, zero = ctypes.c_float(1), ctypes.c_float(0)
                peers["OpenBLAS"] = lambda: b.openblas.cblas_sgemm(
                    101, 111, 111, n, n, n, one, x, n, y, n, zero, p, n)
            if torch:
                s, t, u = (b.tensor(a, n, n) for a in (x, y, q))
                peers["torch"] = lambda: torch.mm(s, t, out=u)
            elif numpy:
                s, t, u = (b.matrix(a, n, n) for a in (x, y, q))
                peers["numpy"] = lambda: numpy.matmul(s, t, out=u)
            others = [a for a, k in ((p, b.openblas), (q, torch or numpy)) if k]
            b.case(f"product {n}", threads,
                   lambda: b.ours.square_product(n, x, y, z), peers,
                   2e-9 * n**3, "GFLOP/s",
                   lambda: b.seconds_of(flops=2 * n**3, threads=threads),
                   (z, others, 1e-4))


def functions(b):
    """Functions of many numbers on one thread, in the second cache; the limit
    is what their multiplications take."""
    n = 1 << 16
    size = ctypes.c_int64(n)
    for name, steps in ("exp", 11), ("log", 13), ("sin", 13), ("cos", 13):
        x, y = b.floats(n), b.floats(n, False)
        others = {k: b.floats(n, False) for k in ("libmvec", "numpy", "torch")}
        if name == "log":
            b.ours.exp_array(size, x, x)
        peers = {}
        if hasattr(b.ours, name + "_libmvec"):
            mvec = getattr(b.ours, name + "_libmvec")
            peers["libmvec"] = lambda: mvec(size, x, others["libmvec"])
        if numpy:
            f, u, v = (getattr(numpy, name), b.matrix(x, n),
                       b.matrix(others["numpy"], n))
            peers["numpy"] = lambda: f(u, out=v)
        if torch:
            g, s, t = (getattr(torch, name), b.tensor(x, n),
                       b.tensor(others["torch"], n))
            peers["torch"] = lambda: g(s, out=t)
        ours = getattr(b.ours, name + "_array")
        b.case(name, 1, lambda: ours(size, x, y), peers, 1e-9 * n, "G/s",
               lambda: b.seconds_of(flops=2 * steps * n),
               (y, [others[k] for k in peers], 1e-6))


def maps(b):
    """Softmax and its sparse rivals of one row and of many.  The peers of the
    sparse maps sort all logits, or the hundred largest first; the limit is to
    read the row once and to write it once."""
    if b.setup:  # no BLAS in these
        return
    for threads in sorted({1, b.most}):
        for rows, n in (1, 10**6), (1024, 1024), (64, 32000):
            x, p = b.floats(rows * n), b.floats(rows * n, False)
            for name, alpha in ("softmax", 1), ("sparsemax", 2), \
                    ("entmax-1.5", 1.5), ("entmax-1.25", 1.25):
                peers = {}
                if torch:
                    s = b.tensor(x, rows, n)
                if torch and alpha == 1:
                    peers["torch"] = lambda: torch.softmax(s, -1)
                elif torch and alpha != 1.25:
                    f = sparse.sparsemax if alpha == 2 else sparse.entmax15
                    peers["torch, sort"] = lambda: f(s)
                    peers["torch, 100 largest"] = lambda: f(s, 100)
                b.case(f"{name} {rows}x{n}", threads,
                       lambda: b.ours.map_rows_of(ctypes.c_double(alpha), rows,
                                                  n, x, p),
                       peers, 1e-9 * rows * n, "G/s",
                       lambda: b.seconds_of(bytes=8 * rows * n,
                                            threads=threads))


def normals(b):
    """Normal random numbers on one thread; they are written once."""
    n = 1 << 20
    x, y = b.floats(n, False), b.floats(n, False)
    peers = {}
    if numpy:
        r, v = numpy.random.default_rng(1), b.matrix(y, n)
        peers["numpy"] = lambda: r.standard_normal(out=v, dtype=numpy.float32)
    if torch:
        t = b.tensor(y, n)
        peers["torch"] = t.normal_
    b.case("normals", 1, lambda: b.ours.fill_normals(ctypes.c_int64(n), x),
           peers, 1e-9 * n, "G/s", lambda: b.seconds_of(bytes=4 * n))


def transformer(b):
    """A training step.  Programs of their own, three runs of each in turn; the
    first steps of a run do not count."""
    program = pathlib.Path(b.path).with_name("transformer")
    if b.setup or not b.wants("transformer step", b.most) or \
            not program.exists():
        return
    python = [sys.executable,
              pathlib.Path(__file__).with_name("transformer.py"), "20"]
    most = str(b.most)
    runs = {"": ([program, "20"], {"OMP_NUM_THREADS": most})}
    if torch:
        runs["torch, 1 thread"] = [*python, "1"], {}
        runs["torch"] = [*python, most], {}
        if os.path.exists(BLIS):
            runs["torch on BLIS"] = [*python, most], {
                "LD_PRELOAD": BLIS, "BLIS_NUM_THREADS": most}
    times = {k: [] for k in runs}
    for _ in range(3):
        for k, (command, extra) in runs.items():
            steps = subprocess.run(command, env={**os.environ, **extra},
                                   stdout=subprocess.PIPE, check=True).stdout
            times[k] += [1e-3 * float(t) for t in steps.split()[5:]]
    b.report("transformer step", b.most, "ms",
             {k: statistics.median(t) for k, t in times.items()},
             lambda t: 1e3 * t,
             b.seconds_of(flops=12.1e9, threads=b.most))


def attention(b):
    """Causal attention of 8 heads, three ways to write it in torch: with the
    whole matrix, with mask, scale and product in one call, and in chunks of 512
    queries that see the keys before them.  The limit is the useful flops."""
    if not torch:
        return
    h, n, d = 8, 4096, 64
    q, k, v = (b.floats(h * n * d) for _ in range(3))
    y, z, lse = (b.floats(s, False) for s in (h * n * d, h * n * d, h * n))
    s, t, u, out = (b.tensor(a, h, n, d) for a in (q, k, v, z))
    t = t.transpose(1, 2)
    scale = d ** -0.5
    future = torch.full((1, n, n), -torch.inf).triu(1)

    def one_line():
        torch.matmul(torch.softmax(s @ t * scale + future, -1), u, out=out)

    def one_call():
        torch.bmm(torch.baddbmm(future, s, t, alpha=scale).softmax(-1), u,
                  out=out)

    def chunks():
        for i in range(0, n, 512):
            j = i + 512
            w = torch.baddbmm(future[:, i:j, :j], s[:, i:j], t[:, :, :j],
                              alpha=scale).softmax(-1)
            out[:, i:j] = torch.bmm(w, u[:, :j])

    for threads in sorted({1, b.most}):
        for name, peer in (("one line", one_line), ("baddbmm", one_call),
                           ("chunks", chunks)):
            b.case(f"attention, {name}", threads,
                   lambda: b.ours.attention_heads(h, n, d, q, k, v, y, lse),
                   {"torch": peer}, 2e-9 * h * n * (n + 1) * d, "GFLOP/s",
                   lambda: b.seconds_of(flops=2 * h * n * (n + 1) * d,
                                        threads=threads),
                   (y, [z], 1e-4))


def decode(b):
    """One token's attention over a cache: heads with keys of their own, four
    and eight that share them.  Torch's products of a batch; the queries that
    share a head of keys are a matrix."""
    d = 128
    for threads in sorted({1, b.most}):
        for name, groups, n, t in (("mha", 32, 1, 4096), ("mha", 32, 1, 16384),
                                   ("gqa", 8, 4, 4096), ("gqa", 8, 4, 16384),
                                   ("mqa", 1, 8, 16384), ("mqa", 1, 8, 65536)):
            line = f"{name} {groups}x{n} {t}"
            if not b.wants(line, threads):
                continue
            q, k, v = (b.floats(groups * m * d) for m in (n, t, t))
            y, z = (b.floats(groups * n * d, False) for _ in range(2))
            peers = {}
            if torch:
                u, w, x = (b.tensor(a, groups, -1, d) for a in (q, k, v))
                out = b.tensor(z, groups, n, d)
                peers["torch"] = lambda: torch.bmm(torch.softmax(torch.bmm(
                    u * d**-0.5, w.transpose(1, 2)), -1), x, out=out)
            size = ctypes.c_int64(t)
            b.case(line, threads,
                   lambda: b.ours.decode_cache(groups, n, size, d, d, q, k, v,
                                               y),
                   peers, None, "ms",
                   lambda: b.seconds_of(flops=4 * groups * n * t * d,
                                        bytes=8 * groups * t * d,
                                        threads=threads),
                   (y, [z] if torch else [], 1e-4))


def latent(b):
    """128 queries over the latents of DeepSeek-V2, which are keys and values."""
    for threads in sorted({1, b.most}):
        for t in (1024, 4096, 16384):
            if not b.wants(f"mla core {t}", threads):
                continue
            q, c = b.floats(128 * 576), b.floats(t * 576)
            y, z = (b.floats(128 * 512, False) for _ in range(2))
            peers = {}
            if torch:
                u, k, out = (b.tensor(a, -1, w)
                             for a, w in ((q, 576), (c, 576), (z, 512)))
                peers["torch"] = lambda: torch.mm(torch.softmax(torch.mm(
                    u * 192**-0.5, k.t()), -1), k[:, :512], out=out)
            size = ctypes.c_int64(t)
            b.case(f"mla core {t}", threads,
                   lambda: b.ours.decode_latent(size, q, c, y), peers, None,
                   "ms", lambda: b.seconds_of(flops=2 * 128 * 1088 * t,
                                              threads=threads),
                   (y, [z] if torch else [], 1e-4))


def torch_layer(w, t, x, c):
    """The layer as functions of torch: w as layer_token lays it out."""
    def part(*shape):
        n = 1
        for s in shape:
            n *= s
        part.at += n
        return w[part.at - n:part.at].view(shape)
    part.at = 0
    dq, wq, wc = part(1536, 5120), part(24576, 1536), part(576, 5120)
    kc, v, o = part(128, 512, 128), part(128, 128, 512), part(5120, 16384)
    angle = (t - 1) * 10000 ** -(torch.arange(0, 64, 2) / 64).double()
    cos, sin = torch.cos(angle).float(), torch.sin(angle).float()

    def turn(z):
        a, b = z[..., 0::2], z[..., 1::2]
        return torch.stack((a * cos - b * sin, a * sin + b * cos),
                           -1).flatten(-2)

    def norm(z):
        return z * torch.rsqrt((z * z).mean() + 1e-6)

    def run():
        q = torch.mv(wq, norm(torch.mv(dq, x))).view(128, 192)
        new = torch.mv(wc, x)
        c[-1, :512] = norm(new[:512])
        c[-1, 512:] = turn(new[512:])
        whole = torch.cat((torch.bmm(kc, q[:, :128, None])[:, :, 0],
                           turn(q[:, 128:])), 1)
        p = torch.softmax(torch.mm(whole * 192**-0.5, c.t()), -1)
        heads = torch.bmm(v, torch.mm(p, c[:, :512])[:, :, None])
        return torch.mv(o, heads.view(-1))
    return run


def layer(b):
    """A layer of DeepSeek-V2 at its real dimensions, one token; its weights are
    read, then the core computes."""
    for threads in sorted({1, b.most}):
        for t in (1024, 4096, 16384):
            if not b.wants(f"mla layer {t}", threads):
                continue
            b.ours.layer_floats.restype = ctypes.c_int64
            b.ours.layer_room_floats.restype = ctypes.c_int64
            n = b.ours.layer_floats()
            w, c, x = b.floats(n), b.floats(t * 576), b.floats(5120)
            room = b.floats(b.ours.layer_room_floats(), False)
            y, z = b.floats(5120, False), b.floats(5120, False)
            peers = {}
            if torch:
                weights = b.tensor(w, n)
                weights *= 0.02
                run = torch_layer(weights, t, b.tensor(x, 5120),
                                  b.tensor(c, t, 576).clone())
                peers["torch"] = lambda: b.tensor(z, 5120).copy_(run())
            size = ctypes.c_int64(t)
            b.case(f"mla layer {t}", threads,
                   lambda: b.ours.layer_token(size, w, c, x, room, y), peers,
                   None, "ms",
                   lambda: (b.seconds_of(bytes=4 * n, threads=threads) +
                            b.seconds_of(flops=2 * 128 * 1088 * t,
                                         threads=threads)),
                   (y, [z] if torch else [], 1e-3))


CASES = [product, functions, maps, normals, attention, transformer, decode,
         latent, layer]
