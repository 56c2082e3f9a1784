// Verifies a log of Vigie with the code of Go's checksum database: golang.org/x/mod/sumdb/note and .../tlog.
//
//	apt-get install golang-go golang-golang-x-mod-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go run verify.go DIRECTORY KEY
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

// hashes holds all hashes of the tree, in the order of tlog.StoredHashIndex.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, index := range indexes {
		list = append(list, h[index])
	}
	return list, nil
}

// path is the place of a tile in C2SP tlog-tiles, which leaves out the height.
func path(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

func main() {
	directory, key := os.Args[1], os.Args[2]
	verifier, err := note.NewVerifier(key)
	check(err, "key")
	message, err := os.ReadFile(filepath.Join(directory, "checkpoint"))
	check(err, "checkpoint")
	signed, err := note.Open(message, note.VerifierList(verifier))
	check(err, "checkpoint")
	lines := strings.Split(signed.Text, "\n")
	if lines[0] != verifier.Name() {
		check(fmt.Errorf("the origin is %q", lines[0]), "checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	root, err := tlog.ParseHash(lines[2])
	check(err, "root")

	var all hashes
	index := int64(0)
	for number := int64(0); number*256 < size; number++ {
		width := 256
		if size-number*256 < 256 {
			width = int(size - number*256)
		}
		tile := tlog.Tile{H: 8, L: 0, N: number, W: width}
		name := strings.Replace(path(tile), "tile/0/", "tile/entries/", 1)
		bundle, err := os.ReadFile(filepath.Join(directory, name))
		check(err, "entries")
		for len(bundle) > 0 {
			length := int(binary.BigEndian.Uint16(bundle))
			more, err := tlog.StoredHashes(index, bundle[2:2+length], all)
			check(err, "hashes")
			all = append(all, more...)
			bundle = bundle[2+length:]
			index++
		}
	}
	if index != size {
		check(fmt.Errorf("%d entries, not %d", index, size), "entries")
	}
	computed, err := tlog.TreeHash(size, all)
	check(err, "root")
	if computed != root {
		check(fmt.Errorf("it is %v, the checkpoint has %v", computed, root), "root")
	}
	tiles := 0
	for level, count := 0, size; count > 0; level, count = level+1, count/256 {
		for number := int64(0); number*256 < count; number++ {
			width := 256
			if count-number*256 < 256 {
				width = int(count - number*256)
			}
			tile := tlog.Tile{H: 8, L: level, N: number, W: width}
			expected, err := tlog.ReadTileData(tile, all)
			check(err, "tile")
			found, err := os.ReadFile(filepath.Join(directory, path(tile)))
			check(err, "tile")
			if string(found) != string(expected) {
				check(fmt.Errorf("it has other hashes"), path(tile))
			}
			tiles++
		}
	}
	fmt.Printf("good: %d entries, %d tiles, root %v, signed by %s\n", size, tiles, root, verifier.Name())
}
