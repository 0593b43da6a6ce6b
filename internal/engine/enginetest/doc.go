// Package enginetest is the contract that every SQL engine must keep, as tests, and the data they run on.
//
//	func TestEngine(t *testing.T) { enginetest.Run(t, open) }
//
// The opener gets the stores with their events and gives back an engine and its tables: an engine that reads files
// writes them with WriteParquet, one that has its own storage loads the events there.
package enginetest
