//! Writing a file.

use std::io::{self, Write};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::file::{End, Head, Line, Version};
use super::sha256;

/// A file that is being written.
pub struct Writer<W> {
    out: W,
    all: Sha256,
    lines: Vec<String>,
}

impl<W: Write> Writer<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn begin(out: W, head: Head) -> io::Result<Self> {
        let mut writer = Self {
            out,
            all: Sha256::new(),
            lines: Vec::new(),
        };
        writer.line(&Line::Evidence(head))?;
        Ok(writer)
    }

    /// Adds a deployment: what `sluice export DEPLOYMENT` prints.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn deployment(&mut self, export: Value) -> io::Result<()> {
        self.line(&Line::Deployment(export))
    }

    /// Adds a version of a `sluice.toml`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn configuration(&mut self, version: Version) -> io::Result<()> {
        self.line(&Line::Configuration(version))
    }

    /// Ends the file: the SHA-256 of all its lines but the last.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn end(mut self) -> io::Result<String> {
        let sha256 = hex::encode(self.all.clone().finalize());
        let end = End {
            sha256: sha256.clone(),
            lines: std::mem::take(&mut self.lines),
        };
        self.line(&Line::End(end))?;
        self.out.flush()?;
        Ok(sha256)
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.all.update(&bytes);
        self.lines.push(sha256(&bytes));
        self.out.write_all(&bytes)
    }
}
