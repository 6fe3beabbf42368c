// Package table has ten tasks of ours on one table. All things stand there in every episode:
// four cubes, a bowl, a plate, a half-open drawer and two buttons. So a picture does not tell
// what is to be done; only the instruction does.
//
//	pick-colour   pick up the red cube              push          push the blue cube to the left
//	pick-side     pick up the leftmost cube         open-drawer   open the drawer
//	put-bowl      put the red cube in the bowl      close-drawer  close the drawer
//	put-plate     put the red cube on the plate     press-button  press the right button
//	stack         stack the red cube on the blue    beside        put the red cube to the left of the blue cube
//
// Which cube, which side, where everything stands and which of some wordings the instruction
// has come from the episode's seed. Left and right are as the front camera sees them.
//
// The robot is a gripper on three slides. An action is four numbers: the move of the gripper
// in x, y and z, two hundredths of a metre at 1, and the gripper, −1 open to 1 closed. A control
// step is 50 ms.
//
// The reward is 1 where the task is fulfilled, else 0. Info says how far the things that the
// instruction does not name were moved.
//
// The expert (expert.go) plans anew in every step from where things are, so that it recovers
// from its own noise: a cube that slips is picked up again.
//
// Start reading at tasks.go, then env.go.
package table
