"""Sparsemax and entmax-1.5 in PyTorch, by sorting or by the largest k.

The public algorithms (Martins and Astudillo 2016; Peters, Niculae and Martins
2019), written anew on torch's own sort and topk: what a Python program does.
"""
import torch


def _leading(z, k):
    """The largest k of every row, in order; all of them for k = 0."""
    if k and k < z.shape[-1]:
        return torch.topk(z, k, dim=-1)[0]
    return torch.sort(z, dim=-1, descending=True)[0]


def _rank(z):
    return torch.arange(1, z.shape[-1] + 1, dtype=z.dtype).expand_as(z)


def _sparsemax_threshold(z, k):
    s = _leading(z, k)
    rank, total = _rank(s), s.cumsum(-1) - 1
    size = (rank * s > total).sum(-1, keepdim=True)
    return total.gather(-1, size - 1) / size, size


def _entmax15_threshold(z, k):
    s = _leading(z, k)
    rank = _rank(s)
    mean, square = s.cumsum(-1) / rank, (s * s).cumsum(-1) / rank
    rest = (1 - rank * (square - mean * mean)) / rank
    tau = mean - torch.sqrt(torch.clamp(rest, min=0))
    size = (tau <= s).sum(-1, keepdim=True)
    return tau.gather(-1, size - 1), size


def _with_rows_that_need_more(threshold, z, k):
    """The k largest do unless all of them have weight; then twice as many."""
    tau, size = threshold(z, k)
    if k and k < z.shape[-1]:
        short = (size == k).squeeze(-1)
        if short.any():
            tau[short] = _with_rows_that_need_more(threshold, z[short], 2 * k)
    return tau


def sparsemax(x, k=0):
    z = x - x.max(-1, keepdim=True)[0]
    tau = _with_rows_that_need_more(_sparsemax_threshold, z, k)
    return torch.clamp(z - tau, min=0)


def entmax15(x, k=0):
    z = (x - x.max(-1, keepdim=True)[0]) / 2
    tau = _with_rows_that_need_more(_entmax15_threshold, z, k)
    return torch.clamp(z - tau, min=0) ** 2
