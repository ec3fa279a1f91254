"""What users keep to pay with next time."""

from dataclasses import dataclass

from domain.payments.errors import ProviderUnavailable
from domain.payments.gateway import PaymentGateway, Setup
from domain.payments.payment import PaymentProvider, SavedPaymentMethod, SavedPaymentMethodId
from domain.payments.payments import AWAY
from domain.payments.work import BeginPaymentsWork
from domain.shared.clock import Clock
from domain.shared.errors import NotFound, Unavailable
from domain.shared.ids import uuid7
from domain.shared.work import Once
from domain.users.user import Actor, UserId


@dataclass(frozen=True, slots=True)
class BegunSetup:
    """What the client goes on with at the provider."""

    client_secret: str


@dataclass(frozen=True, slots=True)
class SavedMethods:
    begin: BeginPaymentsWork
    gateway: PaymentGateway
    clock: Clock

    async def set_up(self, user_id: UserId, once: Once | None = None) -> BegunSetup:
        """Begin to keep a means of payment; it is kept once the provider says that the buyer went through with it.

        Raises:
            ProviderUnavailable: the provider does not answer.
        """
        provider = self.gateway.provider
        async with self.begin() as work:
            customer = await work.saved_methods.customer(user_id, provider)
        try:
            if customer is None:
                made = await self.gateway.new_customer(str(user_id), f"{user_id}:customer")
                async with self.begin() as work:
                    customer = await work.saved_methods.remember_customer(user_id, provider, made)
                    await work.commit()
            setup = await self.gateway.set_up(customer, str(uuid7()))
        except Unavailable as failure:
            raise ProviderUnavailable(AWAY) from failure
        begun = BegunSetup(setup.client_secret or "")
        async with self.begin(once) as work:
            await work.commit(begun)
        return begun

    async def learn_setup(self, provider: PaymentProvider, reference: str) -> bool:
        """Keep what a user went through with. Whether there was something to keep, which there is once.

        Raises:
            Unavailable: the provider does not answer.
            ProviderRefused: the provider does not know it.
        """
        if provider is not self.gateway.provider:
            return False
        setup: Setup = await self.gateway.retrieve_setup(reference)
        if not setup.is_complete or setup.method_reference is None or setup.method is None or setup.customer is None:
            return False
        async with self.begin() as work:
            user_id = await work.saved_methods.user_of(provider, setup.customer)
            if user_id is None:
                return False
            kept = await work.saved_methods.add(
                SavedPaymentMethod(
                    id=SavedPaymentMethodId(uuid7()),
                    user_id=user_id,
                    provider=provider,
                    reference=setup.method_reference,
                    details=setup.method,
                    is_default=False,
                    created_at=self.clock(),
                )
            )
            await work.commit()
        return kept

    async def delete(self, actor: Actor, method_id: SavedPaymentMethodId) -> SavedPaymentMethodId:
        """Forget a means of payment, here and at the provider.

        Raises:
            NotFound: it is not there, or somebody else's.
            ProviderUnavailable: the provider does not answer.
        """
        async with self.begin() as work:
            method = await work.saved_methods.lock(method_id)
        if method is None or method.user_id != actor.user_id:
            raise NotFound("id", "saved payment method")
        try:
            await self.gateway.detach(method.reference)
        except Unavailable as failure:
            raise ProviderUnavailable(AWAY) from failure
        async with self.begin() as work:
            await work.saved_methods.remove(method_id)
            await work.commit()
        return method_id
