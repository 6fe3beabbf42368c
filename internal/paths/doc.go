// Package paths says where Winnow keeps what it downloads and what it remembers.
//
//	<user cache>/winnow/native/<kind>-<version>/   shared libraries   (internal/native)
//	<user cache>/winnow/models/<file>              model files        (internal/models)
//	<user config>/winnow/                          settings
//
// Everything below the cache can be deleted at any time and is fetched again on demand.
// The user's own variables (XDG_CACHE_HOME, XDG_CONFIG_HOME, HOME and their siblings on
// macOS and Windows) move both; nothing is created until something is written there.
package paths
