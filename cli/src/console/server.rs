//! The server, on a port of this machine.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use sluice_console::Source;
use tokio::runtime::{Builder, Runtime};

use crate::command::Failure;
use crate::terminal::{STRONG, paint};

/// A port, and what answers there.
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    url: String,
}

impl Server {
    /// Takes the port; 0 takes one that is free.
    ///
    /// # Errors
    /// It is not free, or the system gives no threads.
    pub fn new(port: u16) -> Result<Self, Failure> {
        let taken = |error: std::io::Error| match error.kind() {
            ErrorKind::AddrInUse => Failure::new(format!(
                "port {port} of this machine is in use: choose another one, or 0 for a free one"
            )),
            _ => Failure::new(format!("cannot listen on 127.0.0.1:{port}: {error}")),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(taken)?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}/", listener.local_addr()?);
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        Ok(Self {
            runtime,
            listener,
            url,
        })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it is, for people.
    pub fn said(&self, how_long: &str) -> String {
        format!(
            "Open {} {how_long}. Only this machine can: everyone who is logged in to it.\n",
            paint(STRONG, &self.url)
        )
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// The port failed.
    pub fn serve(self, source: Arc<dyn Source>) -> Result<(), Failure> {
        let Self {
            runtime, listener, ..
        } = self;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            sluice_console::serve(listener, source).await
        })?;
        Ok(())
    }

    /// The same beside what goes on here.
    pub fn serve_aside(self, source: Arc<dyn Source>) {
        std::thread::spawn(move || self.serve(source));
    }
}
