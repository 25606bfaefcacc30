// The repository commands of helm 2, on helm 2's own packages. The helm 2 program itself can no longer be built by
// `go build` (it has no go.mod, and needs replace lines of Kubernetes 1.16), its packages can.
//
//	helm2 repo-add NAME URL USERNAME PASSWORD
//	helm2 repo-update
//	helm2 search TERM
//	helm2 fetch REPO/CHART VERSION DESTINATION [KEYRING]
//
// State lives in HELM_HOME, as helm 2 keeps it. With a keyring, fetch verifies the provenance.
package main

import (
	"fmt"
	"os"

	"k8s.io/helm/cmd/helm/search"
	"k8s.io/helm/pkg/downloader"
	"k8s.io/helm/pkg/getter"
	"k8s.io/helm/pkg/helm/environment"
	"k8s.io/helm/pkg/helm/helmpath"
	"k8s.io/helm/pkg/repo"
)

// As cmd/helm/search.go: a match that scores worse is none.
const searchMaxScore = 25

var (
	home    = helmpath.Home(os.Getenv("HELM_HOME"))
	getters = getter.All(environment.EnvSettings{Home: home})
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 5 && args[0] == "repo-add":
		return addRepository(args[1], args[2], args[3], args[4])
	case len(args) == 1 && args[0] == "repo-update":
		return updateRepositories()
	case len(args) == 2 && args[0] == "search":
		return searchCharts(args[1])
	case len(args) == 4 && args[0] == "fetch":
		return fetch(args[1], args[2], args[3], "")
	case len(args) == 5 && args[0] == "fetch":
		return fetch(args[1], args[2], args[3], args[4])
	}
	return fmt.Errorf("unknown command %q", args)
}

func addRepository(name, url, username, password string) error {
	if err := os.MkdirAll(home.Cache(), 0o755); err != nil {
		return err
	}
	repositories := repo.NewRepoFile()
	if _, err := os.Stat(home.RepositoryFile()); err == nil {
		if repositories, err = repo.LoadRepositoriesFile(home.RepositoryFile()); err != nil {
			return err
		}
	}
	entry := repo.Entry{
		Name: name, URL: url, Username: username, Password: password, Cache: home.CacheIndex(name),
	}
	if err := downloadIndex(&entry); err != nil {
		return err
	}
	repositories.Update(&entry)
	return repositories.WriteFile(home.RepositoryFile(), 0o644)
}

func updateRepositories() error {
	repositories, err := repo.LoadRepositoriesFile(home.RepositoryFile())
	if err != nil {
		return err
	}
	for _, entry := range repositories.Repositories {
		if err := downloadIndex(entry); err != nil {
			return err
		}
	}
	return nil
}

func downloadIndex(entry *repo.Entry) error {
	repository, err := repo.NewChartRepository(entry, getters)
	if err != nil {
		return err
	}
	if err := repository.DownloadIndexFile(home.Cache()); err != nil {
		return fmt.Errorf("Looks like %q is not a valid chart repository or cannot be reached: %s", entry.URL, err)
	}
	return nil
}

func searchCharts(term string) error {
	repositories, err := repo.LoadRepositoriesFile(home.RepositoryFile())
	if err != nil {
		return err
	}
	index := search.NewIndex()
	for _, entry := range repositories.Repositories {
		file, err := repo.LoadIndexFile(home.CacheIndex(entry.Name))
		if err != nil {
			return err
		}
		index.AddRepo(entry.Name, file, true)
	}
	results, err := index.Search(term, searchMaxScore, false)
	if err != nil {
		return err
	}
	search.SortScore(results)
	for _, result := range results {
		fmt.Println(result.Name, result.Chart.Version)
	}
	return nil
}

func fetch(chart, version, destination, keyring string) error {
	download := downloader.ChartDownloader{
		HelmHome: home,
		Out:      os.Stdout,
		Keyring:  keyring,
		Verify:   downloader.VerifyNever,
		Getters:  getters,
	}
	if keyring != "" {
		download.Verify = downloader.VerifyAlways
	}
	saved, verification, err := download.DownloadTo(chart, version, destination)
	if err != nil {
		return err
	}
	fmt.Println(saved)
	if keyring != "" {
		fmt.Println("verified", verification.FileHash)
	}
	return nil
}
