//! Somebody's terminal: it signs what they ask for, sends it, and reads what comes back.

use sluice_operate_client::{Address, CallError, Client};
use sluice_words::operate::{Order, Outcome};
use tokio::runtime::{Builder, Runtime};

use super::place::Place;
use super::shown::{self, Came};

/// A terminal before an installation.
pub struct Terminal {
    runtime: Runtime,
    client: Client,
}

impl Terminal {
    /// A terminal for an installation.
    ///
    /// # Errors
    /// Its address is none; in words.
    pub fn new(place: &Place) -> Result<Self, String> {
        let address = Address::new(&place.url, place.region.as_deref());
        let address = address.map_err(|error| error.to_string())?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let client = runtime.block_on(Client::new(address, place.profile.as_deref()));
        Ok(Self { runtime, client })
    }

    /// What comes back for an order.
    pub fn asks(&self, order: &Order) -> Came {
        let body = match serde_json::to_vec(order) {
            Ok(body) => body,
            Err(error) => return Came::Else(Outcome::NotUnderstood, error.to_string()),
        };
        match self.runtime.block_on(self.client.send(&body)) {
            Ok(reply) => shown::read(reply.status, reply.error_type.as_deref(), &reply.body),
            Err(error) => silent(&error),
        }
    }
}

fn silent(error: &CallError) -> Came {
    if error.may_have_arrived() {
        let words = format!(
            "{error}: this may not have taken effect. Check `sluice status`; asking again is safe."
        );
        return Came::Else(Outcome::Unknown, words);
    }
    Came::Else(Outcome::Refused, format!("{error}."))
}
