//! Where an installation is: from the command line, the environment, or a file of the user's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::arguments::Installation;

/// Where an installation is, and with whose credentials it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The URL of `operate`.
    pub url: String,
    /// Its region, where the URL does not say it.
    pub region: Option<String>,
    /// The profile of the AWS credentials.
    pub profile: Option<String>,
    /// The name of Sluice's stack, for `sluice doctor`.
    pub stack: Option<String>,
    /// Profiles for the other accounts, for `sluice doctor`.
    #[serde(default)]
    pub also: Vec<String>,
}

impl Place {
    /// Its region: what is written, or what the URL says (`….lambda-url.REGION.on.aws`).
    pub fn in_region(&self) -> Option<String> {
        let of_url = || {
            let (_, rest) = self.url.split_once(".lambda-url.")?;
            Some(rest.split_once('.')?.0.to_owned())
        };
        self.region.clone().or_else(of_url)
    }
}

/// The installations that somebody uses.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Installations(BTreeMap<String, Place>);

/// Finds an installation. `variable` reads an environment variable, `file` a file: `None` where
/// there is none.
///
/// # Errors
/// None is named, or the file cannot be read; in words.
pub fn find(
    at: &Installation,
    variable: impl Fn(&str) -> Option<String>,
    file: impl Fn(&Path) -> Option<Result<String, String>>,
) -> Result<Place, String> {
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let url = at.url.clone();
    let url = url.or_else(|| match at.installation {
        Some(_) => None,
        None => set("SLUICE_OPERATE_URL"),
    });
    let mut place = match url {
        Some(url) => Place {
            url,
            region: None,
            profile: None,
            stack: None,
            also: Vec::new(),
        },
        None => {
            let path = path(&set).ok_or("HOME is not set: give --url")?;
            named(at.installation.as_deref(), &path, file(&path))?
        }
    };
    place.region = at.region.clone().or(place.region);
    place.profile = at.profile.clone().or(place.profile);
    Ok(place)
}

/// The installation of that name in the file.
///
/// # Errors
/// The file does not have it, or cannot be read; in words.
pub fn named_in_file(
    name: &str,
    variable: impl Fn(&str) -> Option<String>,
    file: impl Fn(&Path) -> Option<Result<String, String>>,
) -> Result<Place, String> {
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let path = path(&set).ok_or("HOME is not set")?;
    named(Some(name), &path, file(&path))
}

/// `$XDG_CONFIG_HOME/sluice/installations.toml`.
fn path(set: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = set("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(set("HOME")?).join(".config")))?;
    Some(folder.join("sluice/installations.toml"))
}

fn named(
    name: Option<&str>,
    path: &Path,
    text: Option<Result<String, String>>,
) -> Result<Place, String> {
    let shown = path.display();
    let Some(text) = text else {
        return Err(format!(
            "which installation? Give its URL (--url, or SLUICE_OPERATE_URL: the output OperateUrl \
             of Sluice's stack), or write {shown}:\n\n    [company]\n    url = \
             \"https://….lambda-url.eu-central-1.on.aws/\"\n    profile = \"company\""
        ));
    };
    let text = text.map_err(|error| format!("{shown} cannot be read: {error}"))?;
    let Installations(mut all) =
        toml::from_str(&text).map_err(|error| format!("{shown} is invalid: {error}"))?;
    let names: Vec<String> = all.keys().cloned().collect();
    let names = names.join(", ");
    match name {
        Some(name) => all
            .remove(name)
            .ok_or_else(|| format!("{shown} has no installation `{name}`, only: {names}")),
        None if all.len() == 1 => Ok(all.pop_first().map(|(_, only)| only).expect("one is there")),
        None => Err(format!("which installation? --installation NAME: {names}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "[eu]\nurl = \"https://eu.example.com/\"\nregion = \"eu-central-1\"\n\
        profile = \"eu\"\n[us]\nurl = \"https://us.example.com/\"\n";

    fn at(installation: Option<&str>, url: Option<&str>) -> Installation {
        Installation {
            installation: installation.map(str::to_owned),
            url: url.map(str::to_owned),
            region: None,
            profile: None,
            json: false,
            request: None,
        }
    }

    fn found(
        at: &Installation,
        variables: &[(&str, &str)],
        file: Option<&str>,
    ) -> Result<Place, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        find(at, variable, |path| {
            assert!(path.ends_with("sluice/installations.toml"));
            file.map(|text| Ok(text.to_owned()))
        })
    }

    #[test]
    fn the_command_line_goes_before_the_environment_and_that_before_the_file() {
        let variables = [
            ("SLUICE_OPERATE_URL", "https://env.example.com/"),
            ("HOME", "/home/a"),
        ];
        let url = |at: &Installation| found(at, &variables, Some(TWO)).map(|place| place.url);
        let given = at(None, Some("https://given.example.com/"));
        assert_eq!(url(&given).as_deref(), Ok("https://given.example.com/"));
        assert_eq!(
            url(&at(None, None)).as_deref(),
            Ok("https://env.example.com/")
        );
        assert_eq!(
            url(&at(Some("eu"), None)).as_deref(),
            Ok("https://eu.example.com/")
        );
        let mut eu = at(Some("eu"), None);
        eu.profile = Some("mine".to_owned());
        let place = found(&eu, &variables, Some(TWO)).unwrap();
        assert_eq!(place.profile.as_deref(), Some("mine"));
        assert_eq!(place.region.as_deref(), Some("eu-central-1"));
    }

    #[test]
    fn doctor_takes_stack_profiles_and_region_from_the_same_file() {
        let text = "[eu]\nurl = \"https://x.lambda-url.eu-central-1.on.aws/\"\n\
            stack = \"deploys\"\nalso = [\"staging\"]\n";
        let home = |name: &str| (name == "HOME").then(|| "/home/a".to_owned());
        let found = named_in_file("eu", home, |_| Some(Ok(text.to_owned()))).unwrap();
        assert_eq!(found.in_region().as_deref(), Some("eu-central-1"));
        assert_eq!(found.stack.as_deref(), Some("deploys"));
        assert_eq!(found.also, ["staging"]);
        assert!(named_in_file("us", home, |_| Some(Ok(text.to_owned()))).is_err());
    }

    #[test]
    fn what_is_missing_is_told_with_what_to_write() {
        let home = [("HOME", "/home/a")];
        let why = |at: &Installation, file| found(at, &home, file).unwrap_err();
        assert!(why(&at(None, None), None).contains("/home/a/.config/sluice/installations.toml"));
        assert!(why(&at(None, None), Some(TWO)).contains("eu, us"));
        assert!(why(&at(Some("asia"), None), Some(TWO)).contains("only: eu, us"));
        assert!(why(&at(None, None), Some("[eu]\nadress = 1")).contains("is invalid"));
        assert!(
            found(&at(None, None), &[], None)
                .unwrap_err()
                .contains("HOME")
        );
        let only = TWO.split("[us]").next();
        let place = found(&at(None, None), &home, only).unwrap();
        assert_eq!(place.url, "https://eu.example.com/");
    }
}
