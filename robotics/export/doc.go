// Package export writes recorded episodes in the formats of the field.
//
//	episodes ─▶ Begin ─▶ Add, Add, … ─▶ Commit        while a robot runs, an episode at a time
//	episodes ─▶ Write(ctx, format, path, source, …)   afterwards, from memory or from files
//
//	LeRobotV3    folder  Parquet tables, JSON: the default; LeRobot, pandas, Rerun read it
//	LeRobotV21   folder  the older layout, a file an episode
//	MCAP         file    ROS 2 profile: JointState, JointTrajectory or TwistStamped, CompressedImage
//	CSV          file    a row a step; beside it FILE-metadata.json names units and frames
//	JSONL        file    an object a step, all that was recorded; pictures where asked for
//
// An export is whole or absent: everything goes to a hidden sibling (.NAME.partial-…), is synced and
// renamed at the end. An error or a cancelled context removes the sibling; a killed process leaves
// it, and the next export to the same place removes it when it is a day old. A folder that holds
// something is never added to: a LeRobot dataset states totals, statistics and splits of all its
// episodes, so export them together, or Begin once and Add while they are recorded. A file is
// replaced.
//
// Names, units and frames: names stand in every format's own place for them (features in info.json,
// columns, JointState.name); units and frames stand in features.*.info of info.json, in a metadata
// record of MCAP, in the CSV's metadata file, in the first line of JSONL.
//
// In a LeRobot dataset the timestamp of frame i is i/fps, as LeRobot itself records; the times that
// were measured stand in MCAP, CSV and JSONL.
//
// The layouts are those of LeRobot v2.1 and v3.0, of MCAP's specification and ROS 2's common
// interfaces. They were read back by pyarrow, pandas, LeRobot, mcap, mcap-ros2-support and rosbags:
// readers_test.go runs them where they are installed, testdata/readers.txt keeps what they said.
//
// Start with export.go, then pending.go (whole or absent); one file a format: lerobot.go with
// lerobot3.go, lerobot21.go, features.go, table.go (Parquet) and stats.go; mcap.go with ros.go and
// cdr.go; csv.go; jsonl.go.
package export
