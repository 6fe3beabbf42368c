// Package recording makes episodes of an acting run's trace, so that what was watched can be exported:
//
//	trace.State ─▶ Episodes ─▶ export.Write ─▶ LeRobot, MCAP, CSV, JSONL
//
// What a trace says is taken over as it is. Three things it does not say, or says otherwise:
//
//   - Pictures. The run may have painted only every few steps, and datasets want one a step: a step
//     without pictures gets those of the last step that has some; steps before the first ones get
//     those. Repeated counts them. They are the pictures for a person, not those that the policy saw.
//   - Kind and frame of a number follow from its name, as robotics records them: "hand x" is a
//     translation in the world's frame, a gripper has none.
//   - A person may change the instruction in the middle, and an episode has one: it is then told with
//     the steps, "push the red cube; from step 40: push the blue cube".
//
// Episodes without a step are left out.
package recording
