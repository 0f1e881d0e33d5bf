//! The simulated cloud on a loopback port, and the real AWS adapters at it.

mod delivery;
mod furnished;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use sluice_app::ports::Ports;
use sluice_aws::{
    AwsSecrets, Clients, CloudFormationStacks, CloudWatchAlarms, CloudWatchMetrics, EcrRegistry,
    EcsServices, EcsTasks, RdsDatabases, RolloutHook,
};
use sluice_core::id::Region;
use sluice_sim::cloud::{Emitted, SharedCloud};
use sluice_sim::world::World;
use sluice_wire::{Account, Served};
use tokio::runtime::{Builder, EnterGuard, Runtime};

pub use furnished::Furnished;

/// One serves, one asks.
const THREADS: usize = 2;

/// A loopback port and the threads behind it.
pub struct Wire {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
}

impl Wire {
    /// Takes the port; 0 takes one that is free.
    ///
    /// # Errors
    /// The port is not free, or the system gives no threads.
    pub fn new(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .enable_all()
            .build()?;
        Ok(Self {
            address: listener.local_addr()?,
            runtime,
            listener,
        })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// As long as this is held, the SDK finds its runtime in this thread.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    /// Serves a cloud from now on.
    ///
    /// # Errors
    /// The system refuses the listener.
    pub fn serve(&self, served: impl Into<Served>) -> io::Result<()> {
        let served = served.into();
        let _within = self.enter();
        let listener = tokio::net::TcpListener::from_std(self.listener.try_clone()?)?;
        self.runtime.spawn(sluice_wire::serve(served, listener));
        Ok(())
    }

    /// Delivers what the cloud sends to the account, in the background.
    pub fn deliver(&self, account: &Account, cloud: &SharedCloud, told: Emitted) {
        self.runtime
            .spawn(delivery::deliver(account.clone(), cloud.clone(), told));
    }

    /// The world's ports, with AWS's adapters at this endpoint in place of the cloud's own; time,
    /// the store, the queue, the application and Slack stay the world's.
    ///
    /// # Panics
    /// If the listener that was just bound cannot be used.
    pub fn ports(&self, world: &World, region: &Region) -> Ports {
        self.serve(world.cloud())
            .expect("the listener is bound and its runtime runs");
        let hook = RolloutHook {
            function_arn: "arn:aws:lambda:{region}:{account}:function:sluice-rollout-hook".into(),
            role_arn: "arn:aws:iam::{account}:role/sluice-rollout-hook-caller".into(),
        };
        let url = self.url();
        let clients = Clients::at_endpoint(&url, region, Some(hook));
        let clients = Arc::new(self.runtime.block_on(clients));
        Ports {
            registry: Arc::new(EcrRegistry::new(clients.clone())),
            secrets: Arc::new(AwsSecrets::new(clients.clone())),
            services: Arc::new(EcsServices::new(clients.clone())),
            tasks: Arc::new(EcsTasks::new(clients.clone())),
            databases: Arc::new(RdsDatabases::new(clients.clone())),
            alarms: Arc::new(CloudWatchAlarms::new(clients.clone())),
            stacks: Arc::new(CloudFormationStacks::new(clients.clone())),
            metrics: Arc::new(CloudWatchMetrics::new(clients)),
            ..world.ports()
        }
    }
}
