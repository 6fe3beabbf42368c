"""python draw_curves.py LOG.jsonl OUT.png: assets/train's curves with what is logged here."""
import recipe  # noqa: F401  puts assets/train on the path
import curves

curves.PANELS = [("velocity error", ["velocity", "loss"]),
                 ("patches of objects named right", ["object_acc"]),
                 ("scenes a second", ["scenes_per_second"])]

if __name__ == "__main__":
    curves.main()
