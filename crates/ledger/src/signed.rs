//! Signed notes around any text (C2SP signed-note), with keys of the same form as those of a ledger: for offline bundles.

use signed_note::{Note, NoteError, StandardVerifier, VerifierList};

use crate::note::{NoteFault, SigningKey, VerifyingKey};

/// A key that signs bundles. It is written to one file and shown to nobody.
#[derive(Debug)]
pub struct BundleKey(SigningKey);

impl BundleKey {
    /// A new key of that name, and its text to keep. `None` where the name has spaces, a plus or a line break.
    pub fn generate(name: &str) -> Option<(BundleKey, String)> {
        SigningKey::generate(name).map(|(key, text)| (BundleKey(key), text))
    }

    /// Reads the text of a key.
    pub fn parse(text: &str) -> Option<BundleKey> {
        SigningKey::parse(text).map(BundleKey)
    }

    /// What others verify with.
    pub fn public(&self) -> &VerifyingKey {
        self.0.public()
    }

    /// The signed text. `None` where the text does not end with a line break, or has control characters.
    pub fn sign(&self, text: &str) -> Option<Vec<u8>> {
        let mut note = Note::new(text.as_bytes(), &[]).ok()?;
        note.add_sigs(&[self.0.signer()]).ok()?;
        Some(note.to_bytes())
    }
}

/// The text of a signed note, where the key signed it.
pub fn verified_text(bytes: &[u8], key: &VerifyingKey) -> Result<String, NoteFault> {
    let note = Note::from_bytes(bytes).map_err(|_| NoteFault::NotANote)?;
    let name = key.name().to_owned();
    let verifier = StandardVerifier::new(key.as_str()).map_err(|_| NoteFault::Key(key.as_str().to_owned()))?;
    match note.verify(&VerifierList::new(vec![Box::new(verifier)])) {
        Ok(_) => String::from_utf8(note.text().to_vec()).map_err(|_| NoteFault::NotANote),
        Err(NoteError::InvalidSignature { .. }) => Err(NoteFault::Forged(name)),
        Err(_) => Err(NoteFault::Unsigned(name)),
    }
}

/// The text of a signed note, nobody's signature looked at.
pub fn unverified_text(bytes: &[u8]) -> Result<String, NoteFault> {
    let note = Note::from_bytes(bytes).map_err(|_| NoteFault::NotANote)?;
    String::from_utf8(note.text().to_vec()).map_err(|_| NoteFault::NotANote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_text_is_verified_and_a_changed_one_is_not() {
        let (key, text) = BundleKey::generate("vigie/bundle").unwrap();
        assert_eq!(BundleKey::parse(&text).unwrap().public(), key.public());
        let signed = key.sign("one\ntwo\n").unwrap();
        assert_eq!(verified_text(&signed, key.public()).unwrap(), "one\ntwo\n");
        let (other, _) = BundleKey::generate("vigie/bundle").unwrap();
        assert!(verified_text(&signed, other.public()).is_err());
        for at in 0..signed.len() {
            let mut changed = signed.clone();
            changed[at] ^= 1;
            if let Ok(text) = verified_text(&changed, key.public()) {
                assert_eq!(text, "one\ntwo\n", "byte {at}");
            }
        }
        assert!(key.sign("no line break").is_none());
    }
}
