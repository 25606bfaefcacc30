// A repository as ChartMuseum 0.16.5 reads and leaves it, on the library that it is made of (spec/chartmuseum.md 1.3, 2.4,
// 2.5): its own module is not to be had from the Go proxy.
//
//	museum index FOLDER   the index of the packages in the folder, as a first read of them gives it
//	museum save FOLDER    writes that index to index-cache.yaml
//	museum read FOLDER    the index in index-cache.yaml, read as strictly as helm reads one
//
// `index` and `read` print it as JSON with times in UTC, `index` with the files that are left out.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/provenance"
	"helm.sh/helm/v3/pkg/repo"
	"sigs.k8s.io/yaml"
)

const stateFile = "index-cache.yaml"

// ChartMuseum says serverInfo also where it is empty.
type museumIndex struct {
	*repo.IndexFile
	ServerInfo struct{} `json:"serverInfo"`
	Skipped    []string `json:"skipped,omitempty"`
}

func main() {
	// Where the loader warns of charts that it takes all the same.
	log.SetOutput(io.Discard)
	if len(os.Args) != 3 {
		fail(errors.New("usage: museum index|save|read FOLDER"))
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "Error:", err)
	os.Exit(1)
}

func run(command, folder string) error {
	switch command {
	case "index":
		index, err := indexPackages(folder)
		if err != nil {
			return err
		}
		return print(index)
	case "save":
		return save(folder)
	case "read":
		index, err := repo.LoadIndexFile(filepath.Join(folder, stateFile))
		if err != nil {
			return err
		}
		return print(&museumIndex{IndexFile: index})
	}
	return fmt.Errorf("unknown command %q", command)
}

func indexPackages(folder string) (*museumIndex, error) {
	index := &museumIndex{IndexFile: repo.NewIndexFile()}
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if file.IsDir() || !strings.HasSuffix(file.Name(), ".tgz") {
			continue
		}
		version, err := readPackage(folder, file)
		if err != nil {
			index.Skipped = append(index.Skipped, file.Name())
			continue
		}
		index.Entries[version.Name] = append(index.Entries[version.Name], version)
	}
	index.SortEntries()
	index.Generated = time.Now().Round(time.Second)
	return index, nil
}

func readPackage(folder string, file os.DirEntry) (*repo.ChartVersion, error) {
	content, err := os.ReadFile(filepath.Join(folder, file.Name()))
	if err != nil {
		return nil, err
	}
	chart, err := loader.LoadArchive(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	digest, err := provenance.Digest(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	info, err := file.Info()
	if err != nil {
		return nil, err
	}
	return &repo.ChartVersion{
		Metadata: chart.Metadata,
		URLs:     []string{"charts/" + file.Name()},
		Created:  info.ModTime(),
		Digest:   digest,
	}, nil
}

func save(folder string) error {
	index, err := indexPackages(folder)
	if err != nil {
		return err
	}
	index.Skipped = nil
	zone := time.FixedZone("", 2*60*60)
	for _, versions := range index.Entries {
		for _, version := range versions {
			version.Created = version.Created.In(zone)
			// ChartMuseum notes the time of a file that it finds, but its own clock for one that it takes: some of each.
			if version.Digest < "5" {
				version.Created = version.Created.Add(1234567)
			}
		}
	}
	content, err := yaml.Marshal(index)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, stateFile), content, 0o644)
}

func print(index *museumIndex) error {
	for _, versions := range index.Entries {
		for _, version := range versions {
			version.Created = version.Created.UTC()
		}
	}
	return json.NewEncoder(os.Stdout).Encode(index)
}
