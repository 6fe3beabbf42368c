package engine

// Version of winnow, in traces and in `winnow --version`; FyneApp.toml has the same.
const Version = "0.1.0"
