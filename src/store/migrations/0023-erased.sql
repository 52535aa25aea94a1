-- Who was erased lately, among the sign-ins of everybody.
create index log_erased on log (at) where result = 'PERSON_ERASED';
