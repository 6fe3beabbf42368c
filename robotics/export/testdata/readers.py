"""Opens exports with the readers of the field and checks what they say.

    python readers.py FOLDER

FOLDER holds joints.* and deltas.*, each in every format, and joints.video where there is ffmpeg. Both
are two episodes of 5 and 3 steps at 10 steps a second. Number d of the action at step i of episode k
is k + i/8 + d/64, of the state minus that; the camera "front" (8x6, PNG) has (10x+i, 20y+k, 128) at
(x, y), "wrist" (4x4) the same as JPEG. Prints a line for each thing found; a wrong value ends it.
"""
import importlib.metadata, io, json, logging, os, pathlib, shutil, sys, tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp()
os.environ["TQDM_DISABLE"] = "1"
logging.disable(logging.WARNING)
root = pathlib.Path(sys.argv[1])
LENGTHS, TASKS = [5, 3], ["pick up the milk", "räum <den Tisch> ab"]
JOINTS = ["panda_joint1", "panda_joint2", "panda_finger"]
DELTAS = ["dx", "dy", "dz", "droll", "dpitch", "dyaw", "grip"]
STEPS = [(k, i) for k, n in enumerate(LENGTHS) for i in range(n)]
done = []


def value(k, i, d):
    return k + i / 8 + d / 64


def same(what, got, want):
    if got != want:
        raise SystemExit(f"{what} is\n  {got!r}, want\n  {want!r}")


def say(text):
    print(f"  {text}")


def reader(*packages):
    """Runs a check where its packages are installed; a name alone is the distribution's."""
    def run(check):
        try:
            versions = [f"{p} {importlib.metadata.version(p)}" for p in packages]
        except importlib.metadata.PackageNotFoundError as e:
            print(f"absent: {e.name}, so {check.__name__} was not run")
            return
        print(", ".join(versions))
        check()
        done.append(check.__name__)
    return run


def dims(name):
    return JOINTS if name == "joints" else DELTAS


@reader("pyarrow")
def tables():
    import pyarrow.parquet as pq
    for name in "joints", "deltas":
        f = pq.ParquetFile(root / f"{name}.lerobot-v3.0/data/chunk-000/file-000.parquet")
        same("row groups", [f.metadata.row_group(g).num_rows for g in range(f.num_row_groups)], LENGTHS)
        same("compression", f.metadata.row_group(0).column(0).compression, "SNAPPY")
        old = [pq.read_table(root / f"{name}.lerobot-v2.1/data/chunk-000/episode_{k:06d}.parquet") for k in (0, 1)]
        for version, rows in ("v3.0", f.read().to_pylist()), ("v2.1", old[0].to_pylist() + old[1].to_pylist()):
            for (k, i), row in zip(STEPS, rows, strict=True):
                same("action", row["action"], [value(k, i, d) for d in range(len(dims(name)))])
                same("state", row["observation.state"], [-value(k, i, d) for d in range(3)])
                same("numbers", [row[c] for c in ("episode_index", "frame_index", "task_index")], [k, i, k])
                same("next", [row["next.reward"], row["next.done"], row["next.success"]], [i / 4, i == LENGTHS[k] - 1, i == LENGTHS[k] - 1])
                same("pruning", [row["pruning.asked"], row["pruning.kept"], row["pruning.total"], len(row["pruning.kept_mask"])], [i % 2 == 0, 3, 6, 6])
            say(f"{name} {version}: {len(rows)} rows of {len(rows[0])} columns, action {len(rows[0]['action'])} wide, every number as recorded")
    say("types: " + ", ".join(f"{c.name} {c.type}" for c in f.schema_arrow if c.name in ("action", "index", "next.done", "observation.images.front", "timestamp")))
    import PIL.Image
    picture = PIL.Image.open(io.BytesIO(rows[3]["observation.images.front"]["bytes"]))
    same("picture", (picture.mode, picture.size, picture.getpixel((2, 1))), ("RGB", (8, 6), (23, 20, 128)))
    say(f"image {rows[3]['observation.images.front']['path']}: {picture.mode} of {picture.size[0]}x{picture.size[1]}, pixels as painted")


@reader("pandas")
def frames():
    import pandas as pd
    base = root / "joints.lerobot-v3.0"
    tasks = pd.read_parquet(base / "meta/tasks.parquet")
    same("tasks", (list(tasks.index), list(tasks["task_index"])), (TASKS, [0, 1]))
    say(f"tasks.parquet: index {list(tasks.index)}, columns {list(tasks.columns)}")
    ep = pd.read_parquet(base / "meta/episodes/chunk-000/file-000.parquet")
    same("ranges", ep[["dataset_from_index", "dataset_to_index"]].values.tolist(), [[0, 5], [5, 8]])
    say(f"episodes: {len(ep)} rows of {len(ep.columns)} columns, ranges {ep[['dataset_from_index', 'dataset_to_index']].values.tolist()}")
    for name in "joints", "deltas":
        meta = json.loads((root / f"{name}.csv-metadata.json").read_text())
        table = pd.read_csv(root / f"{name}.csv")
        same("columns", list(table.columns), [c["name"] for c in meta["tableSchema"]["columns"]])
        same("actions", table[dims(name)].values.tolist(), [[value(k, i, d) for d in range(len(dims(name)))] for k, i in STEPS])
        same("asked", table["kept"].notna().tolist(), [i % 2 == 0 for k, i in STEPS])
        units = {c["name"]: c.get("schema:unitText") for c in meta["tableSchema"]["columns"]}
        say(f"{name}.csv: {len(table)} rows, action units {[units[d] for d in dims(name)]}, time in {units['time_s']}")
        lines = pd.read_json(root / f"{name}.jsonl", lines=True)
        same("lines", lines["type"].value_counts().to_dict(), {"step": 8, "episode": 2})
        say(f"{name}.jsonl: {len(lines)} lines")


@reader("lerobot", "datasets", "torch")
def lerobot():
    import numpy as np, torch
    from lerobot.datasets.lerobot_dataset import LeRobotDataset
    from lerobot.datasets.compute_stats import get_feature_stats

    def check(ds, action):
        same("totals", (ds.num_episodes, ds.num_frames, ds.fps, ds.meta.robot_type), (2, 8, 10, "panda"))
        same("names", (ds.features["action"]["names"], ds.features["observation.state"]["names"]), (action, JOINTS))
        for (k, i), item in zip(STEPS, (ds[n] for n in range(8)), strict=True):
            same("action", item["action"].tolist(), [value(k, i, d) for d in range(len(action))])
            same("state", item["observation.state"].tolist(), [-value(k, i, d) for d in range(3)])
            same("task", item["task"], TASKS[k])
            front = item["observation.images.front"]
            same("image", (tuple(front.shape), front.dtype), ((3, 6, 8), torch.float32))
            same("pixel", [round(float(front[c, 1, 2]) * 255) for c in range(3)], [20 + i, 20 + k, 128])
            same("wrist", tuple(item["observation.images.wrist"].shape), (3, 4, 4))
            wrist = (item["observation.images.wrist"][:, 1, 2] * 255 - torch.tensor([20.0 + i, 20.0 + k, 128])).abs().max()
            if wrist > 12:
                raise SystemExit(f"a JPEG's pixel is off by {wrist}")
            if abs(float(item["timestamp"]) - i / 10) > 1e-6:
                raise SystemExit(f"step {i} is at {item['timestamp']}")
        return f"{ds.num_episodes} episodes, {ds.num_frames} frames at {ds.fps} fps, robot {ds.meta.robot_type}, action {tuple(ds[0]['action'].shape)} {ds.features['action']['names']}, front {tuple(ds[0]['observation.images.front'].shape)}, tasks {list(ds.meta.tasks.index)}"

    for name in "joints", "deltas":
        path = root / f"{name}.lerobot-v3.0"
        ds = LeRobotDataset("winnow/test", root=path)
        say(f"{name} v3.0: {check(ds, dims(name))}")
        for f in "action", "observation.state", "timestamp", "pruning.kept_mask":
            column = np.asarray(ds.hf_dataset.with_format("numpy")[f], dtype=np.float64)
            want = get_feature_stats(column, axis=0, keepdims=column.ndim == 1)
            for stat in "min", "max", "mean", "std", "count":
                if not np.allclose(ds.meta.stats[f][stat], want[stat], rtol=0, atol=1e-6):
                    raise SystemExit(f"{stat} of {f} is {ds.meta.stats[f][stat]}, LeRobot computes {want[stat]}")
        same("image stats", ds.meta.stats["observation.images.front"]["mean"].shape, (3, 1, 1))
    say("min, max, mean, std, count of stats.json agree with LeRobot's own computation")
    shifted = LeRobotDataset("winnow/test", root=root / "joints.lerobot-v3.0", delta_timestamps={"action": [0, 0.1], "observation.images.front": [-0.1, 0]})
    same("chunk", shifted[3]["action"][:, 0].tolist(), [value(0, 3, 0), value(0, 4, 0)])
    say(f"delta_timestamps: action {tuple(shifted[3]['action'].shape)}, front {tuple(shifted[3]['observation.images.front'].shape)}")
    batch = next(iter(torch.utils.data.DataLoader(ds, batch_size=4)))
    say(f"DataLoader: action {tuple(batch['action'].shape)}, front {tuple(batch['observation.images.front'].shape)}")
    one = LeRobotDataset("winnow/test", root=root / "joints.lerobot-v3.0", episodes=[1])
    same("episode 1 alone", (len(one), one[0]["task"]), (3, TASKS[1]))
    say(f"episodes=[1]: {len(one)} frames")

    try:
        LeRobotDataset("winnow/test", root=root / "joints.lerobot-v2.1")
        raise SystemExit("LeRobot opened v2.1, which it says it does not")
    except Exception as e:
        say(f"v2.1: {type(e).__name__}, {[l for l in str(e).splitlines() if l][0]}")
    from lerobot.datasets.v30.convert_dataset_v21_to_v30 import convert_dataset
    with tempfile.TemporaryDirectory() as tmp:
        for name in "joints", "deltas":
            shutil.copytree(root / f"{name}.lerobot-v2.1", pathlib.Path(tmp) / "winnow" / name)
            stdout, sys.stdout = sys.stdout, io.StringIO()
            try:
                convert_dataset(f"winnow/{name}", root=tmp, push_to_hub=False)
            finally:
                sys.stdout = stdout
            ds = LeRobotDataset(f"winnow/{name}", root=pathlib.Path(tmp) / "winnow" / name)
            say(f"{name} v2.1 through LeRobot's converter: {check(ds, dims(name))}")


@reader("av")
def videos():
    import av
    path = root / "joints.video"
    if not path.exists():
        return say("no ffmpeg, so no videos to read")
    with av.open(str(path / "videos/observation.images.front/chunk-000/file-000.mp4")) as f:
        v = f.streams.video[0]
        pictures = [(p.time, p.to_ndarray(format="rgb24")) for p in f.decode(v)]
        same("video", (v.codec_context.name, v.codec_context.pix_fmt, float(v.average_rate), v.width, v.height), ("h264", "yuv420p", 10.0, 8, 6))
    same("frames", [round(t * 10) for t, _ in pictures], list(range(8)))
    for (k, i), (_, p) in zip(STEPS, pictures, strict=True):
        off = abs(p[1, 2].astype(int) - [20 + i, 20 + k, 128]).max()
        if off > 40:  # a gradient of 8x6 pixels keeps a quarter of its colours
            raise SystemExit(f"frame {i} of episode {k} has {p[1, 2]}")
    for k in 0, 1:
        with av.open(str(root / f"joints.video21/videos/chunk-000/observation.images.wrist/episode_{k:06d}.mp4")) as f:
            same("frames of v2.1", sum(1 for _ in f.decode(video=0)), LENGTHS[k])
    say(f"front: {len(pictures)} frames, h264 yuv420p, at {[round(t, 3) for t, _ in pictures]} s")


@reader("lerobot", "torchcodec")
def video_dataset():
    path = root / "joints.video"
    if not path.exists():
        return say("no ffmpeg, so no videos to read")
    try:
        import torchcodec.decoders
    except Exception as e:
        return say(f"torchcodec is installed and does not load here ({type(e).__name__}), so LeRobot could not be asked")
    from lerobot.datasets.lerobot_dataset import LeRobotDataset
    from lerobot.datasets.v30.convert_dataset_v21_to_v30 import convert_dataset

    def check(ds):
        same("cameras", sorted(ds.meta.video_keys), ["observation.images.front", "observation.images.wrist"])
        for (k, i), item in zip(STEPS, (ds[n] for n in range(8)), strict=True):
            front = item["observation.images.front"]
            same("shape", tuple(front.shape), (3, 6, 8))
            same("action", item["action"].tolist(), [value(k, i, d) for d in range(3)])
            # The red of pixel (2, 1) grows by one a frame, which a codec may blur but not misplace.
            if abs(float(front[2, 1, 2]) * 255 - 128) > 40:
                raise SystemExit(f"frame {i} of episode {k} has {front[:, 1, 2]}")
        return f"{ds.num_frames} frames, cameras {sorted(ds.meta.video_keys)}, front {tuple(front.shape)}"

    say(f"v3.0 with videos: {check(LeRobotDataset('winnow/test', root=path))}")
    with tempfile.TemporaryDirectory() as tmp:
        shutil.copytree(root / "joints.video21", pathlib.Path(tmp) / "winnow/video")
        stdout, sys.stdout = sys.stdout, io.StringIO()
        try:
            convert_dataset("winnow/video", root=tmp, push_to_hub=False)
        finally:
            sys.stdout = stdout
        say(f"v2.1 with videos through the converter: {check(LeRobotDataset('winnow/video', root=pathlib.Path(tmp) / 'winnow/video'))}")


def check_message(name, topic, kind, m, at, seen):
    k, i = STEPS[seen] if seen < len(STEPS) else (None, None)
    n = len(dims(name))
    if topic == "/joint_states":
        same(topic, (kind, list(m.name), list(m.position)), ("sensor_msgs/msg/JointState", JOINTS, [-value(k, i, d) for d in range(3)]))
        same("stamp", m.header.stamp.sec * 10**9 + m.header.stamp.nanosec, at)
        same("time", at, (1_700_000_000 + 100 * k) * 10**9 + i * 10**8)
    elif topic == "/policy/action" and name == "joints":
        same(topic, (kind, list(m.joint_names), list(m.points[0].positions)), ("trajectory_msgs/msg/JointTrajectory", JOINTS, [value(k, i, d) for d in range(3)]))
    elif topic == "/policy/action":
        t = m.twist
        same(topic, (kind, m.header.frame_id, [t.linear.x, t.linear.y, t.linear.z, t.angular.x, t.angular.y, t.angular.z]),
             ("geometry_msgs/msg/TwistStamped", "panda_link0", [value(k, i, d) for d in range(6)]))
    elif topic == "/policy/gripper":
        same(topic, m.data, value(k, i, 6))
    elif topic == "/observation/state":
        same(topic, list(m.data), [-value(k, i, d) for d in range(3)])
    elif topic == "/camera/front/compressed":
        import PIL.Image
        picture = PIL.Image.open(io.BytesIO(bytes(m.data)))
        same(topic, (m.format, m.header.frame_id, picture.size, picture.getpixel((2, 1))), ("png", "front_optical", (8, 6), (20 + i, 20 + k, 128)))
    elif topic == "/sparsity/stats":
        same(topic, (m.kept, m.total, m.ms, m.flops), (3, 6, 2.5, 1e9))
    elif topic == "/sparsity/kept_mask":
        same(topic, (m.height, m.width, m.encoding, list(bytes(m.data))[:5]), (2, 3, "mono8", [255, 0, 255, 0, 0]))
    elif topic == "/task":
        same(topic, m.data, TASKS[seen])
    elif topic == "/policy/chunk" and name == "joints":
        same(topic, [p.time_from_start.nanosec for p in m.points], [0, 10**8])
    elif topic == "/policy/chunk":
        same(topic, ([d.size for d in m.layout.dim], len(m.data)), ([2, n], 2 * n))


def tally(name, counts, kinds):
    want = {t: 8 for t in ("/observation/state", "/joint_states", "/camera/front/compressed", "/camera/wrist/compressed", "/policy/action", "/reward", "/success")}
    want |= {t: 5 for t in ("/policy/action_dense", "/policy/chunk", "/sparsity/stats", "/sparsity/kept_mask")} | {"/task": 2}
    if name == "deltas":
        want |= {"/policy/gripper": 8, "/policy/gripper_dense": 5}
    same("messages by topic", counts, want)
    say(f"{name}: {sum(counts.values())} messages, values and stamps as recorded: " + ", ".join(f"{t} {counts[t]} {kinds[t]}" for t in sorted(counts)))


@reader("mcap", "mcap-ros2-support")
def mcap():
    from mcap.reader import make_reader
    from mcap_ros2.decoder import DecoderFactory
    for name in "joints", "deltas":
        with open(root / f"{name}.mcap", "rb") as f:
            r = make_reader(f, validate_crcs=True, decoder_factories=[DecoderFactory()])
            same("profile", r.get_header().profile, "ros2")
            counts, kinds = {}, {}
            for schema, channel, raw, message in r.iter_decoded_messages():
                check_message(name, channel.topic, schema.name, message, raw.log_time, counts.get(channel.topic, 0))
                counts[channel.topic] = counts.get(channel.topic, 0) + 1
                kinds[channel.topic] = schema.name
            tally(name, counts, kinds)
            metadata = {m.name: m.metadata for m in r.iter_metadata()}
            action = [json.loads(metadata["dimensions"][f"action.{d}"]) for d in range(len(dims(name)))]
            same("names", [d["name"] for d in action], dims(name))
            attached = [(a.name, len(a.data.splitlines())) for a in r.iter_attachments()]
            same("attachments", attached, [("episode_000000.jsonl", 6), ("episode_000001.jsonl", 4)])
            say(f"{name}: units {[d['unit'] for d in action]}, frames {[d.get('frame', '') for d in action]}, attachments {[a for a, _ in attached]}, seed {metadata['episode_000001']['seed']}; checksums hold")


@reader("rosbags")
def rosbags():
    from rosbags.highlevel import AnyReader
    for name in "joints", "deltas":
        with AnyReader([root / f"{name}.mcap"]) as r:
            counts, kinds = {}, {}
            for c, at, raw in r.messages():
                check_message(name, c.topic, c.msgtype, r.deserialize(raw, c.msgtype), at, counts.get(c.topic, 0))
                counts[c.topic] = counts.get(c.topic, 0) + 1
                kinds[c.topic] = c.msgtype
            tally(name, counts, kinds)


if not done:
    raise SystemExit("none of the readers is installed")
print(f"done: {' '.join(done)}")
