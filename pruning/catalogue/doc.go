// Package catalogue brings in every method: import it for its effect, then list them with
// pruning.Infos and make them with pruning.New or pruning.Stack.
//
// A new method is one folder beside this one and one line here:
//
//	pruning/<name>/  doc.go  the idea, the paper, a picture of the data
//	                 <name>.go  the struct with its parameters, Requests, Decide, Claims
//	                 <name>_test.go, testdata/  golden cases, neutral setting, properties
package catalogue

import (
	_ "winnow/pruning/cogvla"       // layers that a robot policy's router lets tokens skip
	_ "winnow/pruning/corematching" // core tokens and core neurons
	_ "winnow/pruning/fastv"        // attention of the last row
	_ "winnow/pruning/random"       // by lot
	_ "winnow/pruning/sada"         // the denoising steps that the trajectory foretells
	_ "winnow/pruning/stepcache"    // every so many-th denoising step
	_ "winnow/pruning/vasparse"     // what looked at the picture, and the language prior
	_ "winnow/pruning/zipvl"        // attention among the few that hold most of it
)
