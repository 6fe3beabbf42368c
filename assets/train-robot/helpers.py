"""More processes for one step of a training: two of one thread do half as much again as one of two.

Each takes a batch of its own; the gradients are averaged. Weights and windows lie in memory that all share.
"""
import contextlib
import os

import torch
import torch.multiprocessing as mp


class Helpers:
    """The processes beside a trainer's own. They are forked, so make them once all is loaded, with one thread
    from the start."""

    def __init__(self, trainer, kept, count):
        trainer.model.share_memory()
        self.names = [n for n, p in trainer.model.named_parameters() if p.requires_grad]
        self.all = []
        for rank in range(1, count + 1):
            grads = [torch.zeros_like(p).share_memory_() for p in self.parameters(trainer.model)]
            mine, theirs = mp.Pipe()
            p = mp.get_context("fork").Process(target=self.help, args=(theirs, trainer, kept, rank, grads), daemon=True)
            p.start()
            theirs.close()  # so that its end is noticed
            self.all.append((mine, grads, p))

    def parameters(self, model):
        named = dict(model.named_parameters())
        return [named[n] for n in self.names]

    def help(self, pipe, trainer, kept, rank, grads):
        parent, parameters = os.getppid(), self.parameters(trainer.model)
        torch.manual_seed(rank)
        while True:
            while not pipe.poll(1):
                if os.getppid() != parent:
                    return
            number, index, size, hard = pipe.recv()
            trainer.index, trainer.total = index, number
            trainer.stage.batch = size
            batch = kept.draw(trainer.stage, number, rank)
            rng = torch.rand(len(batch["length"]), 5)
            for p in parameters:
                p.grad = None
            loss, log = trainer.graded(batch, rng, hard)
            for p, g in zip(parameters, grads):
                if p.grad is not None:
                    g.copy_(p.grad)
            pipe.send((bool(torch.isfinite(loss)), {k: float(v.detach()) for k, v in log.items()}))

    def ask(self, trainer, hard):
        """Has them begin with the batches of the trainer's next step."""
        with alive():
            for pipe, _, _ in self.all:
                pipe.send((trainer.total, trainer.index, trainer.stage.batch, hard))

    def add(self, model):
        """Waits for them, and averages their gradients into the model's. → (whether all losses are finite, logs)"""
        fine, logs = True, []
        for pipe, grads, _ in self.all:
            with alive():
                ok, log = pipe.recv()
            fine, logs = fine and ok, [*logs, log]
            for mine, g in zip(self.parameters(model), grads):
                if mine.grad is not None:
                    mine.grad += g
        for mine in self.parameters(model):
            if mine.grad is not None:
                mine.grad /= len(self.all) + 1
        return fine, logs

    def close(self):
        for _, _, p in self.all:
            p.kill()
            p.join()


@contextlib.contextmanager
def alive():
    try:
        yield
    except (OSError, EOFError) as e:
        raise RuntimeError("a helping process has ended: was there too little memory? Try --workers 1") from e
