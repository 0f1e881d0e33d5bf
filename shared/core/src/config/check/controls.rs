//! Who may do what in an environment, and when deployments begin there.

use super::environment::{distinct_elements, member};
use super::given;
use crate::calendar::{Calendar, DatedFreeze, Window};
use crate::config::Roles;
use crate::config::reader::{At, Field};
use crate::config::report::Report;
use crate::config::text::MemberId;
use crate::config::{Member, raw};

pub(super) fn roles(raw: Option<&Field<raw::Roles>>, report: &mut Report) -> Option<Roles> {
    let Some(raw) = raw else {
        return Some(Roles::default());
    };
    let raw = raw.get()?;
    let lists = [
        &raw.deploy,
        &raw.roll_back,
        &raw.freeze,
        &raw.r#override,
        &raw.restore,
    ];
    let [deploy, roll_back, freeze, r#override, restore] =
        lists.map(|list| members(list.as_ref(), report));
    Some(Roles {
        deploy: deploy?,
        roll_back: roll_back?,
        freeze: freeze?,
        r#override: r#override?,
        restore: restore?,
    })
}

/// Who restores, and with whose yes, means something only where there is a database, and somebody who
/// may ask.
pub(super) fn restore(raw: &raw::Environment, report: &mut Report) {
    let roles = raw.roles.as_ref().and_then(Field::get);
    let role = roles.and_then(|roles| roles.restore.as_ref()?.at());
    let table = raw.restore.as_ref().and_then(Field::at);
    if raw.backup.is_none() {
        let advice = "say which database it is: add a `backup` table to this environment";
        let places = [role.map(|at| &at.place), table.map(|at| &at.place)];
        for place in places.into_iter().flatten() {
            report.advise(place, "there is no database here to restore", advice);
        }
        return;
    }
    let nobody = role.is_none_or(|list| list.value.is_empty());
    if let Some(at) = table
        && nobody
    {
        let advice = "name someone as `restore` in this environment's `roles`";
        report.advise(&at.place, "no one may request a restore", advice);
    }
}

fn members(list: Option<&Field<Vec<Field<MemberId>>>>, report: &mut Report) -> Option<Vec<Member>> {
    let Some(list) = list else {
        return Some(Vec::new());
    };
    let list = list.get()?;
    distinct_elements(list, "member", report);
    list.iter().map(|id| id.get().map(member)).collect()
}

pub(super) fn calendar(raw: &raw::Environment, report: &mut Report) -> Option<Calendar> {
    let windows = given(&raw.windows, |list| windows(list, report));
    let freezes = given(&raw.freezes, |list| {
        let all: Vec<_> = list
            .value
            .iter()
            .map(|freeze| self::freeze(freeze.at()?, report))
            .collect();
        all.into_iter().collect()
    });
    Some(Calendar {
        windows: windows?.unwrap_or_default(),
        freezes: freezes?.unwrap_or_default(),
    })
}

fn windows(list: &At<Vec<Field<Window>>>, report: &mut Report) -> Option<Vec<Window>> {
    if list.value.is_empty() {
        let text = "windows = [\"Mon-Thu 09:00-17:00 Europe/Berlin\"], or leave it out: then \
                    deployments begin at any time";
        report.instead(&list.place, "no deployment could ever begin", text);
    }
    distinct_elements(&list.value, "window", report);
    list.value.iter().map(|at| at.get().cloned()).collect()
}

fn freeze(at: &At<raw::Freeze>, report: &mut Report) -> Option<DatedFreeze> {
    let (from, until) = (at.value.from.get(), at.value.until.at());
    let (from, until) = (from?, until?);
    let (begin, end) = (from.first(), until.value.last());
    if begin >= end {
        let message = "this freeze ends before it begins";
        report.advise(&until.place, message, "write a later `until`");
        return None;
    }
    Some(DatedFreeze {
        from: begin,
        until: end,
        zone: until.value.zone.clone(),
        reason: at.value.reason.get()?.as_str().to_owned(),
    })
}
