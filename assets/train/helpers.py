"""More processes for one step of a training: two of one thread do half as much again as one of two.

Each takes a batch of its own; the gradients are averaged. The weights lie in memory that all share.
"""
import atexit
import contextlib
import os

import torch
import torch.multiprocessing as mp


class Helpers:
    """The processes beside a trainer's own.

    modules: what learns; its weights go into shared memory. work(modules, rank) is called in each process, rank
    from 1, and gives a function of ask's message that leaves gradients in the modules → (loss, {name: value},
    anything). start is "spawn", where work is pickled, or "fork", where it holds what all shall share.
    """

    def __init__(self, modules, count, work, start="spawn"):
        for m in modules:
            m.share_memory()
        self.parameters = learning(modules)
        self.all = []
        for rank in range(1, count + 1):
            grads = [torch.zeros_like(p).share_memory_() for p in self.parameters]
            mine, theirs = mp.Pipe()
            p = mp.get_context(start).Process(target=help, args=(theirs, os.getpid(), modules, work, rank, grads))
            p.start()
            theirs.close()  # so that its end is noticed
            self.all.append((mine, grads, p))
        atexit.register(self.close)  # else the end of this process would wait for theirs

    def ask(self, message):
        """Has them begin with a batch."""
        with alive():
            for pipe, _, _ in self.all:
                pipe.send(message)

    def add(self):
        """Waits for them, and averages their gradients into the modules'. → (whether all losses are finite, logs,
        what else each said)"""
        fine, logs, more = True, [], []
        for pipe, grads, _ in self.all:
            with alive():
                ok, log, said = pipe.recv()
            fine, logs, more = fine and ok, [*logs, log], [*more, said]
            for mine, g in zip(self.parameters, grads):
                if mine.grad is not None:
                    mine.grad += g
        for mine in self.parameters:
            if mine.grad is not None:
                mine.grad /= len(self.all) + 1
        return fine, logs, more

    def close(self):
        """Lets them end, with the processes that they made."""
        atexit.unregister(self.close)
        for pipe, _, p in self.all:
            with contextlib.suppress(OSError):
                pipe.send(None)
            p.join(10)
            p.kill()
            p.join()


def learning(modules):
    return [p for m in modules for p in m.parameters() if p.requires_grad]


def help(pipe, parent, modules, work, rank, grads):
    """A helping process's life."""
    parameters, step = learning(modules), work(modules, rank)
    torch.manual_seed(rank)
    while True:
        while not pipe.poll(1):
            if os.getppid() != parent:
                return
        message = pipe.recv()
        if message is None:
            return
        for p in parameters:
            p.grad = None
        loss, log, more = step(message)
        for p, g in zip(parameters, grads):
            g.zero_() if p.grad is None else g.copy_(p.grad)
        pipe.send((bool(torch.isfinite(loss)), {k: float(v.detach()) for k, v in log.items()}, more))


@contextlib.contextmanager
def alive():
    try:
        yield
    except (OSError, EOFError) as e:
        raise RuntimeError("a helping process has ended: was there too little memory? Try --workers 1") from e
