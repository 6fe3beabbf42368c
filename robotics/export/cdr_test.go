package export

import (
	"encoding/hex"
	"strings"
	"testing"

	"winnow/robotics/episode"
)

// The bytes are those of rosbags 0.11.9 (ROS 2 Humble's types) for the same values, which is an
// encoder of its own.
func TestGoldenCDR(t *testing.T) {
	const at = 7_000_000_500 // ns
	dims := []episode.Dim{{Name: "a", Unit: "rad"}, {Name: "b", Unit: "1"}}
	pose := make([]episode.Dim, 6)
	for i := range pose {
		pose[i] = episode.Dim{Kind: episode.Translation, Frame: "base"}
		if i >= 3 {
			pose[i].Kind = episode.Rotation
		}
	}
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"JointState", jointState(at, []string{"a", "bcd"}, []float64{1.5, -2}),
			"0001000007000000f40100000100000000000000020000000200000061000000040000006263640002000000000000000000f83f00000000000000c00000000000000000"},
		{"JointTrajectory", jointTrajectory(at, []string{"a", "bcd"}, [][]float32{{1.5, -2}, {0.25, 3}}, 4),
			"0001000007000000f401000001000000000000000200000002000000610000000400000062636400020000000200000000000000000000000000f83f00000000000000c0" +
				"000000000000000000000000000000000000000002000000000000000000d03f00000000000008400000000000000000000000000000000080b2e60e"},
		{"CompressedImage", compressedImage(at, "cam", episode.Picture{Format: episode.PNG, Data: []byte{1, 2, 3}}),
			"0001000007000000f40100000400000063616d0004000000706e670003000000010203"},
		{"TwistStamped", twistStamped(at, pose, []float32{1, 2, 3, 4, 5, 6}),
			"0001000007000000f401000005000000626173650000000000000000000000000000f03f00000000000000400000000000000840000000000000104000000000000014400000000000001840"},
		{"Float64MultiArray of two dimensions", matrixArray(dims, [][]float32{{1, 2}, {3, 4}}),
			"000100000200000005000000737465700000000002000000040000000f00000061205b7261645d2c2062205b315d00000200000002000000000000000400000000000000000000000000f03f000000000000004000000000000008400000000000001040"},
		{"Float64MultiArray of one", vectorArray(dims, []float32{1, 2}),
			"00010000010000000f00000061205b7261645d2c2062205b315d000002000000020000000000000002000000000000000000f03f0000000000000040"},
		{"Image", maskImage(at, "cam", &episode.Pruning{Mask: []bool{true, false, true}, Rows: 1, Cols: 3}),
			"0001000007000000f40100000400000063616d000100000003000000060000006d6f6e6f380000000300000003000000ff00ff"},
		{"Bool", truth(true), "0001000001"},
		{"String", text("ä"), "0001000003000000c3a400"},
		{"Float64", number(0.5), "00010000000000000000e03f"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s is\n%s, want\n%s", c.name, got, c.want)
		}
	}
}

func TestAnActionIsAJointPositionOnlyInRadiansOrMetres(t *testing.T) {
	perStep := append([]episode.Dim{}, jointDims...)
	perStep[0].Unit = "rad/step"
	for _, c := range []struct {
		name string
		dims []episode.Dim
		want form
	}{
		{"joints with a finger", jointDims, trajectory},
		{"changes of joints", perStep, vector},
		{"the seven numbers of an end effector", deltaDims, twist},
		{"those without a gripper", deltaDims[:6], twist},
		{"a pose without one axis", deltaDims[1:], vector},
		{"a gripper alone", deltaDims[6:], vector},
	} {
		if got := formOf(c.dims); got != c.want {
			t.Errorf("%s become form %d, want %d", c.name, got, c.want)
		}
	}
}

func TestDefinitionsNameEveryPartOnce(t *testing.T) {
	got, err := definition("trajectory_msgs/JointTrajectory")
	if err != nil {
		t.Fatal(err)
	}
	bar := strings.Repeat("=", 80) + "\nMSG: "
	for _, part := range []string{"std_msgs/Header", "trajectory_msgs/JointTrajectoryPoint", "builtin_interfaces/Time", "builtin_interfaces/Duration"} {
		if strings.Count(got, bar+part+"\n") != 1 {
			t.Errorf("%s is not told once in\n%s", part, got)
		}
	}
	if !strings.HasPrefix(got, "std_msgs/Header header\nstring[] joint_names\n") || strings.Count(got, "MSG: ") != 4 {
		t.Errorf("got\n%s", got)
	}
}
