/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Certificates of a call's own, and whose certificate it is. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gst/check/gstcheck.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "chatcertificate.h"
#include "chaterror.h"

static X509 *
read_x509 (const gchar * pem)
{
  BIO *bio = BIO_new_mem_buf (pem, -1);
  X509 *x509 = PEM_read_bio_X509 (bio, NULL, NULL, NULL);
  BIO_free (bio);
  fail_unless (x509 != NULL);
  return x509;
}

GST_START_TEST (test_what_is_in_it)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstChatCertificate) certificate =
      gst_chat_certificate_new (&error);
  fail_unless (certificate != NULL, "%s", error ? error->message : "");

  X509 *x509 = read_x509 (certificate->pem);
  EVP_PKEY *key = X509_get0_pubkey (x509);
  fail_unless_equals_int (EVP_PKEY_get_base_id (key), EVP_PKEY_EC);
  fail_unless_equals_int (EVP_PKEY_get_bits (key), 256);
  fail_unless_equals_int (X509_verify (x509, key), 1);

  /* The private key fits, and comes behind, as dtlssrtpdec reads it. */
  BIO *bio = BIO_new_mem_buf (certificate->pem, -1);
  X509_free (PEM_read_bio_X509 (bio, NULL, NULL, NULL));
  EVP_PKEY *private_key = PEM_read_bio_PrivateKey (bio, NULL, NULL, NULL);
  fail_unless (private_key != NULL);
  fail_unless_equals_int (X509_check_private_key (x509, private_key), 1);
  EVP_PKEY_free (private_key);
  BIO_free (bio);

  /* 30 days, an hour of them gone. */
  time_t now = time (NULL);
  time_t before = now - 55 * 60, much_before = now - 65 * 60;
  time_t month = now + 30 * 24 * 3600 - 60, after = month + 3600;
  fail_unless (X509_cmp_time (X509_get0_notBefore (x509), &before) < 0);
  fail_unless (X509_cmp_time (X509_get0_notBefore (x509), &much_before) > 0);
  fail_unless (X509_cmp_time (X509_get0_notAfter (x509), &month) > 0);
  fail_unless (X509_cmp_time (X509_get0_notAfter (x509), &after) < 0);
  fail_unless (ABS (certificate->not_after / G_USEC_PER_SEC - month) < 120);

  /* The fingerprint is what libcrypto computes of the DER form. */
  guchar digest[EVP_MAX_MD_SIZE];
  guint len;
  fail_unless (X509_digest (x509, EVP_sha256 (), digest, &len));
  fail_unless_equals_int (len, 32);
  GString *expected = g_string_new (NULL);
  for (guint i = 0; i < len; i++) {
    g_string_append_printf (expected, "%s%02X", i > 0 ? ":" : "", digest[i]);
  }
  fail_unless_equals_string (certificate->fingerprint, expected->str);
  g_string_free (expected, TRUE);
  X509_free (x509);
}

GST_END_TEST;

GST_START_TEST (test_no_two_are_alike)
{
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < 20; i++) {
    g_autoptr (GstChatCertificate) certificate =
        gst_chat_certificate_new (NULL);
    X509 *x509 = read_x509 (certificate->pem);
    gchar name[64];
    X509_NAME_get_text_by_NID (X509_get_subject_name (x509), NID_commonName,
        name, sizeof name);
    BIGNUM *serial = ASN1_INTEGER_to_BN (X509_get0_serialNumber (x509), NULL);
    fail_unless (BN_num_bits (serial) >= 60 && !BN_is_negative (serial));
    char *hex = BN_bn2hex (serial);
    fail_unless (g_hash_table_add (seen, g_strdup (hex)));
    fail_unless (g_hash_table_add (seen, g_strdup (name)));
    fail_unless (g_hash_table_add (seen, g_strdup (certificate->fingerprint)));
    OPENSSL_free (hex);
    BN_free (serial);
    X509_free (x509);
  }
}

GST_END_TEST;

/* Made once with `openssl req -x509`, fingerprints by `openssl x509
 * -fingerprint`. */
static const gchar known_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdTCCARugAwIBAgIUKbY+4nIruZaSwRZInPJpbUWR2LcwCgYIKoZIzj0EAwIw\n"
    "EDEOMAwGA1UEAwwFa25vd24wHhcNMjYxMTIzMDc1OTIwWhcNMzYxMTIwMDc1OTIw\n"
    "WjAQMQ4wDAYDVQQDDAVrbm93bjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDXf\n"
    "uOCrjhsiRNclAgTQgTfPv4HXIrKhSepUXvnmhpYqqDbFL0CpCUbHf33L0jHm0Hyz\n"
    "HM587cty2XjpY6KnZ9qjUzBRMB0GA1UdDgQWBBS8c3hgWJkrpDJatrXpSwBiwqKE\n"
    "AjAfBgNVHSMEGDAWgBS8c3hgWJkrpDJatrXpSwBiwqKEAjAPBgNVHRMBAf8EBTAD\n"
    "AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDAnX9+m+vN7S5/1yu7Yze31YY0rrhnR6j6\n"
    "Im6cmL+qHgIgF1/jLhSEQ5wUKCxaRaO5ny+s6l1QVKfcHmPe5JqFF2Y=\n"
    "-----END CERTIFICATE-----\n";

GST_START_TEST (test_fingerprint_of_a_known_certificate)
{
  static const struct
  {
    GChecksumType type;
    const gchar *value;
  } cases[] = {
    {G_CHECKSUM_SHA256, "sha-256 "
          "BD:F8:90:59:1F:C8:2B:BD:4A:8F:B1:1D:DD:83:BD:79:E5:F4:DF:78:"
          "8A:E1:F8:10:F3:36:93:EB:A3:55:3C:0C"},
    {G_CHECKSUM_SHA384, "sha-384 "
          "6C:9C:92:F9:E7:A9:3D:20:E3:0C:90:13:59:D7:9A:A6:65:FF:0F:4A:"
          "CD:BA:96:B7:64:9F:33:59:EA:FA:38:C7:27:33:48:ED:DC:97:5C:81:"
          "EC:69:B4:4D:90:12:CB:A4"},
    {G_CHECKSUM_SHA512, "sha-512 "
          "E1:DB:12:3E:B5:C7:90:22:B1:58:90:75:1F:76:0C:79:FA:3A:E5:03:"
          "C7:8A:B4:45:DB:AC:D2:60:D9:4A:A4:D0:80:2B:08:7A:E6:29:6B:DD:"
          "BC:98:31:37:AE:A0:3C:94:81:1E:2E:18:2B:84:B4:84:73:FE:F7:C9:"
          "C0:CA:5E:7D"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *value =
        gst_chat_fingerprint_of_pem (known_pem, cases[i].type, NULL);
    fail_unless_equals_string (value, cases[i].value);
    const gchar *one[] = { cases[i].value, NULL };
    fail_unless (gst_chat_fingerprint_matches_pem (one, known_pem));
    g_autofree gchar *lower = g_ascii_strdown (cases[i].value, -1);
    const gchar *two[] = { "sha-1 00", lower, NULL };
    fail_unless (gst_chat_fingerprint_matches_pem (two, known_pem));
    /* One digit is another. */
    g_autofree gchar *wrong = g_strdup (cases[i].value);
    gchar *last = wrong + strlen (wrong) - 1;
    *last = *last == '0' ? '1' : '0';
    const gchar *three[] = { wrong, NULL };
    fail_if (gst_chat_fingerprint_matches_pem (three, known_pem));
  }
  const gchar *none[] = { NULL };
  fail_if (gst_chat_fingerprint_matches_pem (none, known_pem));
  fail_if (gst_chat_fingerprint_matches_pem (NULL, known_pem));
  const gchar *some[] = { cases[0].value, NULL };
  fail_if (gst_chat_fingerprint_matches_pem (some, NULL));
  fail_if (gst_chat_fingerprint_matches_pem (some, ""));
}

GST_END_TEST;

GST_START_TEST (test_no_certificate_in_the_text)
{
  static const gchar *const texts[] = { NULL, "", "hello",
    "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----",
    "-----BEGIN CERTIFICATE----------END CERTIFICATE-----",
    "-----END CERTIFICATE-----AAAA-----BEGIN CERTIFICATE-----",
  };
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;
    fail_unless (gst_chat_fingerprint_of_pem (texts[i], G_CHECKSUM_SHA256,
            &error) == NULL);
    fail_unless (g_error_matches (error, GST_CHAT_ERROR,
            GST_CHAT_ERROR_MALFORMED));
  }
}

GST_END_TEST;

GST_START_TEST (test_normal_form)
{
  g_autofree gchar *hex = g_strnfill (3 * 32 - 1, 'a');
  for (guint i = 2; i < strlen (hex); i += 3) {
    hex[i] = ':';
  }
  g_autofree gchar *value = g_strconcat ("SHA-256 ", hex, NULL);
  g_autofree gchar *normal = gst_chat_fingerprint_normalise (value);
  fail_unless (normal != NULL);
  fail_unless (g_str_has_prefix (normal, "sha-256 AA:AA:"));

  g_autofree gchar *longer = g_strconcat (value, ":AA", NULL);
  g_autofree gchar *shorter = g_strndup (value, strlen (value) - 3);
  g_autofree gchar *no_hex = g_strdup (value);
  no_hex[strlen (no_hex) - 1] = 'g';
  g_autofree gchar *no_hex_either = g_strdup (value);
  no_hex_either[strlen (no_hex_either) - 2] = 'x';
  g_autofree gchar *no_colon = g_strdup (value);
  no_colon[10] = '-';
  g_autofree gchar *sha1 = g_strconcat ("sha-1 ", hex, NULL);
  const gchar *const bad[] = { NULL, "", "sha-256", "sha-256 ", longer, shorter,
    no_hex, no_hex_either, no_colon, sha1, hex
  };
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *result = gst_chat_fingerprint_normalise (bad[i]);
    fail_unless (result == NULL, "%s", bad[i]);
  }
}

GST_END_TEST;

/* The element that will use it takes it: a wrong PEM is a critical there. */
GST_START_TEST (test_dtls_takes_it)
{
  g_autoptr (GstChatCertificate) certificate = gst_chat_certificate_new (NULL);
  GstElement *dtls = gst_element_factory_make ("dtlssrtpdec", NULL);
  fail_unless (dtls != NULL);
  gst_object_ref_sink (dtls);
  g_object_set (dtls, "pem", certificate->pem, NULL);
  g_autofree gchar *pem = NULL;
  g_object_get (dtls, "pem", &pem, NULL);
  g_autofree gchar *fingerprint =
      gst_chat_fingerprint_of_pem (pem, G_CHECKSUM_SHA256, NULL);
  fail_unless (fingerprint != NULL);
  fail_unless_equals_string (fingerprint + strlen ("sha-256 "),
      certificate->fingerprint);
  gst_object_unref (dtls);
}

GST_END_TEST;

static void
wait_ready (GstChatCertificatePool * pool)
{
  gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  while (gst_chat_certificate_pool_ready (pool) == 0) {
    fail_unless (g_get_monotonic_time () < deadline,
        "no certificate was made ahead");
    g_thread_yield ();
  }
}

GST_START_TEST (test_pool)
{
  g_autoptr (GstChatCertificatePool) pool = gst_chat_certificate_pool_new ();
  wait_ready (pool);
  g_autoptr (GstChatCertificate) first =
      gst_chat_certificate_pool_take (pool, NULL);
  /* Nobody asks, and the shelf is filled again. */
  wait_ready (pool);
  g_autoptr (GstChatCertificate) second =
      gst_chat_certificate_pool_take (pool, NULL);
  g_autoptr (GstChatCertificate) at_once =
      gst_chat_certificate_pool_take (pool, NULL);
  fail_unless (first != NULL && second != NULL && at_once != NULL);
  fail_if (g_str_equal (first->fingerprint, second->fingerprint));
  fail_if (g_str_equal (second->fingerprint, at_once->fingerprint));
}

GST_END_TEST;

GST_START_TEST (test_pool_is_freed_while_it_works)
{
  for (guint i = 0; i < 50; i++) {
    gst_chat_certificate_pool_free (gst_chat_certificate_pool_new ());
  }
}

GST_END_TEST;

#define TAKES 25

static gpointer
take_some (gpointer user_data)
{
  GPtrArray *taken = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_chat_certificate_free);
  for (guint i = 0; i < TAKES; i++) {
    g_ptr_array_add (taken, gst_chat_certificate_pool_take (user_data, NULL));
  }
  return taken;
}

GST_START_TEST (test_pool_in_threads)
{
  g_autoptr (GstChatCertificatePool) pool = gst_chat_certificate_pool_new ();
  GThread *threads[4];
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++) {
    threads[i] = g_thread_new (NULL, take_some, pool);
  }
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal,
      g_free, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++) {
    g_autoptr (GPtrArray) taken = g_thread_join (threads[i]);
    for (guint j = 0; j < taken->len; j++) {
      const GstChatCertificate *one = g_ptr_array_index (taken, j);
      fail_unless (one != NULL);
      fail_unless (g_hash_table_add (seen, g_strdup (one->fingerprint)),
          "one certificate was given out twice");
    }
  }
  fail_unless_equals_int (g_hash_table_size (seen),
      TAKES * G_N_ELEMENTS (threads));
}

GST_END_TEST;

static void
on_cleanup (void)
{
  _exit (7);
}

/* Threads may still use what OpenSSL would free. */
GST_START_TEST (test_exit_does_not_clean_up)
{
  int status = 0;
  pid_t child = fork ();
  if (child == 0) {
    gst_chat_crypto_stay_at_exit ();
    g_autoptr (GError) error = NULL;
    gst_chat_certificate_free (gst_chat_certificate_new (&error));
    OPENSSL_atexit (on_cleanup);
    exit (error == NULL ? 0 : 1);
  }
  fail_unless (child > 0);
  fail_unless_equals_int (waitpid (child, &status, 0), child);
  fail_unless (WIFEXITED (status));
  fail_unless_equals_int (WEXITSTATUS (status), 0);
}

GST_END_TEST;

static Suite *
certificate_suite (void)
{
  Suite *suite = suite_create ("certificate");
  TCase *tc = tcase_create ("general");
  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_exit_does_not_clean_up);
  tcase_add_test (tc, test_what_is_in_it);
  tcase_add_test (tc, test_no_two_are_alike);
  tcase_add_test (tc, test_fingerprint_of_a_known_certificate);
  tcase_add_test (tc, test_no_certificate_in_the_text);
  tcase_add_test (tc, test_normal_form);
  tcase_add_test (tc, test_dtls_takes_it);
  tcase_add_test (tc, test_pool);
  tcase_add_test (tc, test_pool_is_freed_while_it_works);
  tcase_add_test (tc, test_pool_in_threads);
  return suite;
}

GST_CHECK_MAIN (certificate);
