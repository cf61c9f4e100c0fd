// Loaded into Prism before its own code: it ends with its standard input, so that it
// does not outlive a test that died without ending it.
process.stdin.resume();
process.stdin.on('end', () => process.exit());
