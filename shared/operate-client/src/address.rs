//! Where `operate` is.

use http::Uri;

/// The Function URL, and the region that a signature for it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub(crate) uri: Uri,
    pub(crate) region: String,
}

/// A text that is no address of `operate`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// It is no URL.
    #[error(
        "`{0}` is not a URL: give the output OperateUrl of Sluice's stack, https://….lambda-url.REGION.on.aws/"
    )]
    NotAUrl(String),
    /// A signed request would be readable on its way.
    #[error(
        "`{0}` is not https: a request that is signed goes nowhere else, except to this machine"
    )]
    NotSecret(String),
    /// It does not say its region.
    #[error("`{0}` does not say its region: give it too (region = \"…\", or --region)")]
    NoRegion(String),
}

impl Address {
    /// Reads a Function URL. Lambda's own say their region.
    ///
    /// # Errors
    /// It is none, not secret, or of no known region.
    pub fn new(url: &str, region: Option<&str>) -> Result<Self, InvalidAddress> {
        let not_a_url = || InvalidAddress::NotAUrl(url.to_owned());
        let uri: Uri = url.trim().parse().map_err(|_| not_a_url())?;
        let host = uri.host().ok_or_else(not_a_url)?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if ["127.0.0.1", "[::1]", "localhost"].contains(&host) => {}
            Some("http") => return Err(InvalidAddress::NotSecret(url.to_owned())),
            _ => return Err(not_a_url()),
        }
        let region = region.map(str::to_owned).or_else(|| of_host(host));
        let region = region.ok_or_else(|| InvalidAddress::NoRegion(url.to_owned()))?;
        Ok(Self { uri, region })
    }
}

/// `ID.lambda-url.REGION.on.aws`, or `.on.amazonaws.com.cn` in China.
fn of_host(host: &str) -> Option<String> {
    let (_, rest) = host.split_once(".lambda-url.")?;
    let (region, suffix) = rest.split_once('.')?;
    suffix.starts_with("on.").then(|| region.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_the_url_or_given() {
        let url = "https://abc.lambda-url.eu-central-1.on.aws/";
        let read = Address::new(url, None).map(|address| address.region);
        assert_eq!(read.as_deref(), Ok("eu-central-1"));
        let given = Address::new(url, Some("eu-west-1")).map(|address| address.region);
        assert_eq!(given.as_deref(), Ok("eu-west-1"));
        let own = "https://operate.example.com/";
        assert!(matches!(
            Address::new(own, None),
            Err(InvalidAddress::NoRegion(_))
        ));
        assert!(Address::new(own, Some("eu-west-1")).is_ok());
    }

    #[test]
    fn a_signed_request_goes_by_tls_or_stays_on_this_machine() {
        let region = Some("eu-west-1");
        assert!(Address::new("http://127.0.0.1:4000/", region).is_ok());
        for open in [
            "http://operate.example.com/",
            "http://127.0.0.1.example.com/",
        ] {
            let refused = Address::new(open, region);
            assert!(
                matches!(refused, Err(InvalidAddress::NotSecret(_))),
                "{open}"
            );
        }
        for none in ["", "operate", "ftp://operate.example.com/", "/path"] {
            let refused = Address::new(none, region);
            assert!(matches!(refused, Err(InvalidAddress::NotAUrl(_))), "{none}");
        }
    }
}
