//! Files that a command is given; `-` is standard input.

use std::io::{self, Read};
use std::path::Path;

/// What a file is called in messages.
pub(crate) fn name(file: &Path) -> String {
    if is_stdin(file) {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    }
}

/// The whole of a file. Standard input is read once: given twice, it is empty the second time.
///
/// # Errors
/// It cannot be read.
pub(crate) fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    if !is_stdin(file) {
        return std::fs::read(file);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The file, to be read bit by bit.
///
/// # Errors
/// It cannot be opened.
pub(crate) fn open(file: &Path) -> io::Result<Box<dyn Read>> {
    Ok(match is_stdin(file) {
        true => Box::new(io::stdin()),
        false => Box::new(std::fs::File::open(file)?),
    })
}

/// The same as text.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub(crate) fn text(file: &Path) -> io::Result<String> {
    String::from_utf8(bytes(file)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}
