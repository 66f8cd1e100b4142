//! The languages that `fake` has word lists for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! locales {
    ($($(#[$attribute:meta])* $variant:ident = $name:literal, $meaning:literal;)+) => {
        /// Language and country of generated names, addresses and texts.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Locale {
            $(#[doc = $meaning] $(#[$attribute])* $variant,)+
        }

        /// Every locale's name.
        pub const LOCALE_NAMES: &[&str] = &[$($name),+];

        impl Locale {
            /// The locale of that name, as in a scenario.
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Locale::$variant),)+
                    _ => None,
                }
            }

            /// Its name, as in a scenario.
            pub fn name(self) -> &'static str {
                match self {
                    $(Locale::$variant => $name,)+
                }
            }

            /// Language and country, in a word or two.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Locale::$variant => $meaning,)+
                }
            }
        }
    };
}

locales! {
    #[default] En = "en", "English.";
    ArSa = "ar_sa", "Arabic, Saudi Arabia.";
    CyGb = "cy_gb", "Welsh.";
    DeDe = "de_de", "German.";
    FaIr = "fa_ir", "Persian.";
    FrFr = "fr_fr", "French.";
    ItIt = "it_it", "Italian.";
    JaJp = "ja_jp", "Japanese.";
    NlNl = "nl_nl", "Dutch.";
    PtBr = "pt_br", "Portuguese, Brazil.";
    PtPt = "pt_pt", "Portuguese, Portugal.";
    TrTr = "tr_tr", "Turkish.";
    ZhCn = "zh_cn", "Chinese, simplified.";
    ZhTw = "zh_tw", "Chinese, traditional.";
}

/// Evaluates an expression with a name bound to `fake`'s type for a locale.
macro_rules! per_locale {
    ($locale:expr, $bound:ident => $body:expr) => {
        crate::template::locale::per_locale!(@ $locale, $bound, $body,
            En EN, ArSa AR_SA, CyGb CY_GB, DeDe DE_DE, FaIr FA_IR, FrFr FR_FR, ItIt IT_IT, JaJp JA_JP, NlNl NL_NL,
            PtBr PT_BR, PtPt PT_PT, TrTr TR_TR, ZhCn ZH_CN, ZhTw ZH_TW)
    };
    (@ $locale:expr, $bound:ident, $body:expr, $($variant:ident $data:ident),+) => {
        match $locale {
            $($crate::template::Locale::$variant => {
                use fake::locales::$data as $bound;
                $body
            })+
        }
    };
}

pub(super) use per_locale;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_agree_with_serde_and_default_is_english() {
        for name in LOCALE_NAMES {
            let locale = Locale::parse(name).unwrap();
            assert_eq!(serde_json::to_value(locale).unwrap(), *name);
            assert_eq!(locale.name(), *name);
        }
        assert_eq!(Locale::default(), Locale::En);
    }
}
