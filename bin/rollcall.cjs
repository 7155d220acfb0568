#!/usr/bin/env node
// Syntax that Node 10 reads: an old one must get far enough to say what is wrong.
var major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(`rollcall needs Node.js 24 or newer; this is ${process.version} (${process.execPath}).`)
  process.exit(1)
}
import('../dist/main.js')
