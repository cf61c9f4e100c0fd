package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

const module = "github.com/adminportal-go/adminportal"

const sums = "SHA256SUMS"

// verify looks at what is published as its users will, who know nothing of how it was
// made.
func verify(tag, folder string, platforms []string) error {
	want := []string{sums}
	var errs []error
	for _, platform := range platforms {
		name := "adminportal_" + tag + "_" + platform
		want = append(want, name+".tar.gz", name+".cdx.json")
		if err := verifyPlatform(filepath.Join(folder, name), tag, platform); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	slices.Sort(want)
	have, err := names(folder)
	if err != nil {
		return err
	}
	if !slices.Equal(have, want) {
		errs = append(errs, fmt.Errorf("%s holds %q, want %q", folder, have, want))
	}
	if err := verifySums(folder, want); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	fmt.Printf("%s holds %s for %s.\n", folder, tag, strings.Join(platforms, ", "))
	return nil
}

func verifyPlatform(base, tag, platform string) error {
	binary, err := unpack(base+".tar.gz", platform)
	if err != nil {
		return err
	}
	info, err := buildinfo.Read(bytes.NewReader(binary))
	if err != nil {
		return err
	}
	if err := verifyBuild(info, tag, platform); err != nil {
		return err
	}
	bom, err := os.ReadFile(base + ".cdx.json")
	if err != nil {
		return err
	}
	return verifyBOM(bom, info)
}

// unpack takes the command out of an archive, in which it lies beside the license.
func unpack(archive, platform string) ([]byte, error) {
	command := "adminportal"
	if strings.HasPrefix(platform, "windows") {
		command += ".exe"
	}
	file, err := os.Open(archive)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was read
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var binary []byte
	var have []string
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		have = append(have, h.Name)
		if h.Name != command {
			continue
		}
		if h.FileInfo().Mode() != 0o755 {
			return nil, fmt.Errorf("%s has mode %v, want %v", command, h.FileInfo().Mode(), fs.FileMode(0o755))
		}
		if binary, err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
	if want := []string{"LICENSE", command}; !slices.Equal(have, want) {
		return nil, fmt.Errorf("holds %q, want %q", have, want)
	}
	return binary, nil
}

// verifyBuild reads what the go command wrote into the binary.
func verifyBuild(info *debug.BuildInfo, tag, platform string) error {
	if info.Main.Path != module || info.Path != module+"/cmd/adminportal" {
		return fmt.Errorf("is %s of %s, want the command of %s", info.Path, info.Main.Path, module)
	}
	if info.Main.Version != tag {
		return fmt.Errorf("says that it is %s, want %s", info.Main.Version, tag)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	goos, goarch, _ := strings.Cut(platform, "_")
	wanted := map[string]string{"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0", "-trimpath": "true", "vcs": "git", "vcs.modified": "false"}
	for key, want := range wanted {
		if settings[key] != want {
			return fmt.Errorf("was built with %s=%s, want %s", key, settings[key], want)
		}
	}
	// What else may be set, by anyone's doing: GOFLAGS, go env -w.
	usual := map[string]string{
		"-buildmode": "exe", "-compiler": "gc", "-ldflags": "-s", "GOAMD64": "v1", "GOARM64": "v8.0",
		"vcs.revision": settings["vcs.revision"], "vcs.time": settings["vcs.time"],
	}
	for _, s := range info.Settings {
		if _, ok := wanted[s.Key]; !ok && usual[s.Key] != s.Value {
			return fmt.Errorf("was built with %s=%s, which is not in every release: unset it (env, go env -u)", s.Key, s.Value)
		}
	}
	for _, dep := range info.Deps {
		if dep.Replace != nil {
			return fmt.Errorf("has %s instead of %s", dep.Replace.Path, dep.Path)
		}
	}
	return nil
}

// verifyBOM holds the list of what a binary was built from against the binary.
func verifyBOM(data []byte, info *debug.BuildInfo) error {
	type component struct{ Name, Version, PURL string }
	var bom struct {
		BOMFormat, SpecVersion string
		Metadata               struct{ Component component }
		Components             []component
	}
	if err := json.Unmarshal(data, &bom); err != nil {
		return fmt.Errorf("bill of materials: %w", err)
	}
	if bom.BOMFormat != "CycloneDX" || bom.SpecVersion == "" {
		return fmt.Errorf("bill of materials: format %q %q, want CycloneDX", bom.BOMFormat, bom.SpecVersion)
	}
	if c := bom.Metadata.Component; c.Name != module || c.Version != info.Main.Version {
		return fmt.Errorf("bill of materials: is of %s %s, want %s %s", c.Name, c.Version, module, info.Main.Version)
	}
	var have []string
	for _, c := range bom.Components {
		have = append(have, c.Name+" "+c.Version)
		if c.PURL == "" {
			return fmt.Errorf("bill of materials: %s has no package URL", c.Name)
		}
	}
	want := []string{"std " + info.GoVersion}
	for _, dep := range info.Deps {
		want = append(want, dep.Path+" "+dep.Version)
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		return fmt.Errorf("bill of materials: lists %q, and the binary was built from %q", have, want)
	}
	return nil
}

// verifySums: every file but the list itself is on the list, with its true sum.
func verifySums(folder string, files []string) error {
	file, err := os.Open(filepath.Join(folder, sums))
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was read
	listed := map[string]string{}
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		sum, name, _ := strings.Cut(scanner.Text(), "  ")
		listed[name] = sum
	}
	for _, name := range files {
		if name == sums {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(data); listed[name] != hex.EncodeToString(sum[:]) {
			return fmt.Errorf("%s: %s says %q of %s, want %x", folder, sums, listed[name], name, sum)
		}
	}
	if len(listed) != len(files)-1 {
		return fmt.Errorf("%s: %s lists %d files, want %d", folder, sums, len(listed), len(files)-1)
	}
	return scanner.Err()
}
