// Package torchfile reads the tensors of a file that torch.save wrote, and runs nothing.
//
// Such a file is a ZIP archive with plain (stored) entries:
//
//	NAME/data.pkl     a pickle: which tensors there are, and in which storage each lies
//	NAME/data/0, 1 …  the storages, little-endian numbers
//	NAME/byteorder    little
//
// A pickle is a program for a stack machine whose GLOBAL and REDUCE operations import and call any
// Python function. Ours knows the few operations that a state_dict takes, and three functions by
// name, none of which it calls: they are read as data.
//
//	collections.OrderedDict            a dictionary
//	torch._utils._rebuild_tensor_v2    storage, offset, shape, strides
//	torch._utils._rebuild_parameter    the tensor within
//
// Everything else is refused by its name. Sizes are checked against the file before anything is
// allocated, and the ZIP's checksums when a storage is read.
//
//	f, err := torchfile.Open("action_head--80000_checkpoint.pt")
//	t, err := f.Read("module.model.fc1.weight")
//
// Start with file.go, then pickle.go with operations.go, and rebuild.go.
package torchfile
